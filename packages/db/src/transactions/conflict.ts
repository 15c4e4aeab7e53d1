import { DbError } from '../wire/db-error.ts'

/**
 * The serialization failure or deadlock that `error` is, wraps (`cause`), or holds among others:
 * running the whole transaction again is then what PostgreSQL asks for.
 * https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
export function conflictIn(error: unknown, depth = 0): DbError | undefined {
  if (!(error instanceof Error) || depth > 8) return undefined
  if (DbError.isInstance(error)) {
    if (error.code === 'serialization_failure' || error.code === 'deadlock') return error
    // What is unknown is never done again by itself.
    if (error.outcome === 'unknown') return undefined
  }
  const parts: unknown[] = error instanceof AggregateError ? [...error.errors] : []
  if (error.cause !== undefined) parts.push(error.cause)
  for (const part of parts) {
    const found = conflictIn(part, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
