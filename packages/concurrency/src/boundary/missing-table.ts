import { fieldOf, messageOf } from '../scopes/read-error.ts'

/** SQLSTATE of a table, and of a column, that is not there (PostgreSQL, appendix A). */
const UNDEFINED = new Set(['42P01', '42703'])

/**
 * Whether PostgreSQL said that a table of a package's own is not there, or lacks a column: its migrations have not
 * run, or only those of an earlier version. Understands what `pg` throws, and `DbError` of `@yuzuru/db`.
 *
 * @param prefix what the names of the package's tables begin with, and no others
 * @example
 * catch (error) {
 *   if (isMissingTable(error, 'yuzuru_redis_')) throw new Error('Run the migrations first', { cause: error })
 *   throw error
 * }
 */
export function isMissingTable(error: unknown, prefix: string): boolean {
  const state = fieldOf(error, 'sqlState') ?? fieldOf(error, 'code')
  return UNDEFINED.has(String(state)) && messageOf(error)?.includes(prefix) === true
}
