import { fieldOf } from '../scopes/read-error.ts'

/** SQLSTATE of a statement that needs a transaction, outside of one (PostgreSQL, appendix A). */
const NO_TRANSACTION = '25P01'

/**
 * Whether PostgreSQL said that a statement needs a transaction, and that there is none: code of others has ended it. Understands
 * what `pg` throws, and `DbError` of `@yuzuru/db`.
 *
 * @example
 * catch (error) {
 *   if (hasNoTransaction(error)) throw new Error('The transaction was ended by its handler', { cause: error })
 *   throw error
 * }
 */
export function hasNoTransaction(error: unknown): boolean {
  return (fieldOf(error, 'sqlState') ?? fieldOf(error, 'code')) === NO_TRANSACTION
}
