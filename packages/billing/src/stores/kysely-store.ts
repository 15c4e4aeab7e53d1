import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider, Transaction, TransactionBuilder } from 'kysely'
import type { BillingStore } from './billing-store.ts'
import { KyselyAccounts } from './kysely-accounts.ts'
import { KyselyCheckouts } from './kysely-checkouts.ts'
import { KyselyCustomers } from './kysely-customers.ts'

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
   * Runs a write, with its listeners, in a transaction. With `@yuzuru/db`, `(fn) => transaction(db, fn)`
   * repeats it after a serialization failure.
   *
   * @default Kysely's own `db.transaction()`
   */
  readonly transaction?: (<T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>) | undefined
}

/**
 * A store on PostgreSQL, in the tables of `billingMigrations`. Each method but `writeFetch` and
 * `noticeTrial` is one statement or two, and none holds a transaction open while Stripe is asked.
 *
 * @example
 * const billing = createBilling({ secretKey, webhookSecret, store: kyselyBillingStore(db) })
 */
export function kyselyBillingStore<DB>(
  db: StoreDatabase<DB>,
  options: KyselyStoreOptions<DB> = {},
): BillingStore<Transaction<DB>> {
  expectOptions(options, ['transaction'], 'kyselyBillingStore')
  const transaction = options.transaction ?? ((fn) => db.transaction().execute(fn))
  const customers = new KyselyCustomers(db)
  const accounts = new KyselyAccounts<DB>(db, transaction)
  const checkouts = new KyselyCheckouts(db)
  return {
    findCustomer: customers.findCustomer.bind(customers),
    findReference: customers.findReference.bind(customers),
    beginCustomer: customers.beginCustomer.bind(customers),
    replaceIntent: customers.replaceIntent.bind(customers),
    settleCustomer: customers.settleCustomer.bind(customers),
    replaceCustomer: customers.replaceCustomer.bind(customers),
    openAccount: accounts.openAccount.bind(accounts),
    findSubscription: accounts.findSubscription.bind(accounts),
    drawFetch: accounts.drawFetch.bind(accounts),
    writeFetch: accounts.writeFetch.bind(accounts),
    listSubscriptions: accounts.listSubscriptions.bind(accounts),
    listTrialsEnding: accounts.listTrialsEnding.bind(accounts),
    noticeTrial: accounts.noticeTrial.bind(accounts),
    processEvent: accounts.processEvent.bind(accounts),
    pruneEvents: accounts.pruneEvents.bind(accounts),
    findCheckout: checkouts.findCheckout.bind(checkouts),
    beginCheckout: checkouts.beginCheckout.bind(checkouts),
    settleCheckout: checkouts.settleCheckout.bind(checkouts),
    replaceCheckout: checkouts.replaceCheckout.bind(checkouts),
  }
}
