import { fieldOf, hasNoTransaction } from '@yuzuru/concurrency/boundary'
import { databaseOf } from '@yuzuru/db'
import { sql, type Transaction } from 'kysely'
import { execute } from './execute.ts'
import { JobError } from '../job-error.ts'

/**
 * Throws when the handler has ended the transaction `tx` by a COMMIT or ROLLBACK of its own: a job would be completed, or a
 * step kept, apart from its effects. A database of `@yuzuru/db` sees that itself; another is asked for a lock that needs a
 * transaction, and that those who claim and complete jobs have as well.
 */
export async function expectOpen(
  tx: Transaction<unknown>,
  operation: 'completeIn' | 'step',
): Promise<void> {
  if (databaseOf(tx) !== undefined) return
  try {
    const statement = sql`lock table yuzuru_jobs in row exclusive mode`
    await execute(tx, { operation, effect: 'read' }, statement)
  } catch (error) {
    const cause = fieldOf(error, 'cause')
    if (!hasNoTransaction(cause)) throw error
    throw new JobError(
      'The transaction was ended by a statement of its handler: it takes no COMMIT or ROLLBACK of its own',
      {
        operation,
        code: 'database',
        retryable: false,
        outcome: 'unknown',
        cause,
      },
    )
  }
}
