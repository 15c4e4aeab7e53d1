import { fieldOf } from '@yuzuru/concurrency/boundary'
import { sql, type QueryExecutorProvider } from 'kysely'
import { BillingError } from '../billing-error.ts'
import type { RunTransaction } from './kysely-accounts.ts'

/** What PostgreSQL answers to a statement that needs a transaction, outside of one. */
const NO_TRANSACTION = '25P01'

/**
 * Runs functions, which call listeners, in a transaction that is still theirs at its end. A listener that has sent COMMIT or
 * ROLLBACK itself would have an event count as written down that is not.
 */
export function inOpenTransaction<DB>(run: RunTransaction<DB>): RunTransaction<DB> {
  return (fn) =>
    run(async (tx) => {
      const value = await fn(tx)
      await expectOpen(tx)
      return value
    })
}

/** The lock is one that writes take anyway, and needs a transaction. */
async function expectOpen(tx: QueryExecutorProvider): Promise<void> {
  try {
    await sql`lock table yuzuru_billing_accounts in row exclusive mode`.execute(tx)
  } catch (error) {
    const code = fieldOf(error, 'sqlState') ?? fieldOf(error, 'code')
    if (code !== NO_TRANSACTION) throw error
    throw new BillingError(
      'The transaction of a listener was ended by it: a listener sends no COMMIT or ROLLBACK of its own',
      {
        operation: 'store',
        code: 'unexpected',
        retryable: false,
        outcome: 'unknown',
        cause: error,
      },
    )
  }
}
