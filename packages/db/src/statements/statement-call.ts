import type { Effect, IoCall, Outcome } from '@yuzuru/concurrency'
import type { CompiledQuery } from 'kysely'
import { commits, effectOf, failsPartly, lasts } from './statement-effect.ts'
import { isScript } from './statement-words.ts'
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

/** What the server refused may stand in part. */
const PARTED: IoCall = callFor('query', 'write', (error, outcome) =>
  translateError('query', error, outcome, true),
)

/**
 * What a query of Kysely is to the outside. In a transaction it is COMMIT that decides, but for what no rollback
 * undoes.
 */
export function queryCall(query: CompiledQuery, isAtomic: boolean): IoCall {
  if (lasts(query)) return PARTED
  if (isAtomic) {
    if (!commits(query)) return QUERIES.read
    return isScript(query.sql) ? PARTED : QUERIES.write
  }
  if (effectOf(query) === 'read') return QUERIES.read
  return failsPartly(query) ? PARTED : QUERIES.write
}
