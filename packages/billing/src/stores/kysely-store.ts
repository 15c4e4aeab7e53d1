import { expectOptions, withPlainFailure } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider, Transaction, TransactionBuilder } from 'kysely'
import type { BillingStore } from './billing-store.ts'
import { KyselyAccounts, type RunTransaction } from './kysely-accounts.ts'
import { KyselyCheckouts } from './kysely-checkouts.ts'
import { KyselyCustomers } from './kysely-customers.ts'
import { inOpenTransaction } from './open-transaction.ts'
import { storeOf } from './store-of.ts'

/**
 * A `Kysely<DB>`, also one that was extended. Named by what is used of it: of a subclass TypeScript does
 * not find `DB` by the name of the class.
 */
interface StoreDatabase<DB> extends QueryExecutorProvider {
  transaction(): TransactionBuilder<DB>
}

/** Options of {@link kyselyBillingStore}. */
export interface KyselyStoreOptions<DB> {
  /**
   * Runs a write that has listeners, or that meets another one for the same reference, in a transaction. At a
   * level above `read committed` two writes for one reference at once are a serialization failure of one of
   * them, which has to be repeated whole: with `@yuzuru/db`, `(fn) => transaction(db, fn)` does so.
   *
   * @default Kysely's own `db.transaction()` at `read committed`, whatever the database's default is
   */
  readonly transaction?: RunTransaction<DB> | undefined
}

/**
 * A store on PostgreSQL, in the tables of `billingMigrations`. Each method but `noticeTrial`,
 * `chooseSubscription` and a `writeFetch` with listeners is one statement or two, and none holds a
 * transaction open while Stripe is asked.
 *
 * @example
 * const billing = createBilling({ secretKey, webhookSecret, store: kyselyBillingStore(db) })
 */
export function kyselyBillingStore<DB>(
  db: StoreDatabase<DB>,
  options: KyselyStoreOptions<DB> = {},
): BillingStore<Transaction<DB>> {
  expectOptions(options, ['transaction'], 'kyselyBillingStore')
  const own: RunTransaction<DB> = (fn) =>
    withPlainFailure(
      (body) => db.transaction().setIsolationLevel('read committed').execute(body),
      fn,
    )
  const transaction = inOpenTransaction(options.transaction ?? own)
  return storeOf(
    new KyselyCustomers(db),
    new KyselyAccounts(db, transaction),
    new KyselyCheckouts(db),
  )
}
