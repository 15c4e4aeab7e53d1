import type { Effect, IoCall, Outcome } from '@yuzuru/concurrency'
import type { CompiledQuery } from 'kysely'
import { commits, effectOf } from './statement-effect.ts'
import { translateError } from '../wire/translate-error.ts'

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

const QUERIES: Readonly<Record<'read' | 'write', IoCall>> = {
  read: callFor('query', 'read'),
  write: callFor('query', 'write'),
}

/** What a query of Kysely is to the outside. In a transaction it is COMMIT that decides. */
export function queryCall(query: CompiledQuery, isAtomic: boolean): IoCall {
  const reads = isAtomic ? !commits(query) : effectOf(query) === 'read'
  return QUERIES[reads ? 'read' : 'write']
}
