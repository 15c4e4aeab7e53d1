import { DbError } from '../wire/db-error.ts'

/**
 * The serialization failure or deadlock that `error` is, wraps (`cause`) or combines with others.
 * PostgreSQL asks callers to run the whole transaction again after one.
 * https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
export function conflictIn(error: unknown, depth = 0): DbError | undefined {
  if (!(error instanceof Error) || depth > 8) return undefined
  if (DbError.isInstance(error)) {
    if (error.code === 'serialization_failure' || error.code === 'deadlock') return error
    // A transaction whose outcome is unknown is never repeated automatically.
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
