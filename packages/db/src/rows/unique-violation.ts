import { DbError } from '../wire/db-error.ts'

/**
 * Whether a unique constraint refused the row.
 *
 * After an INSERT with ON CONFLICT on one constraint that may be a race for the same row: PostgreSQL finds
 * that the row has come while the insert went on, and still checks the other constraints before it gives way.
 * Whoever asks again then meets the row, or is refused again by a row that is another one.
 *
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
export function isUniqueViolation(error: unknown): error is DbError {
  return DbError.isInstance(error) && error.code === 'unique_violation'
}
