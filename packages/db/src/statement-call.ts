import type { Effect, IoCall, Outcome } from '@yuzuru/concurrency'
import { translateError } from './translate-error.ts'

/** How a statement is named to `io`, and what becomes of its errors. */
export function callFor(
  operation: string,
  effect: Effect,
  translate?: (error: unknown, outcome: Outcome) => Error,
): IoCall {
  return {
    boundary: 'db',
    operation,
    effect,
    translate: translate ?? ((error, outcome) => translateError(operation, error, outcome)),
  }
}

/** Those of Kysely's queries. */
export const QUERIES: Readonly<Record<'read' | 'write', IoCall>> = {
  read: callFor('query', 'read'),
  write: callFor('query', 'write'),
}
