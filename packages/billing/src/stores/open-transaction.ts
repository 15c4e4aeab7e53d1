import { hasNoTransaction } from '@yuzuru/concurrency/boundary'
import { sql, type QueryExecutorProvider } from 'kysely'
import { BillingError } from '../billing-error.ts'
import type { RunTransaction } from './kysely-accounts.ts'

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
    if (!hasNoTransaction(error)) throw error
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
