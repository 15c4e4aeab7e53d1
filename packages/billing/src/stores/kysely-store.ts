import { expectOptions } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, sql, type Transaction, type TransactionBuilder } from 'kysely'
import type {
  BillingStore,
  CustomerIntent,
  CustomerRecord,
  EventRecord,
  Processed,
} from './billing-store.ts'

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
   * Runs a webhook's handler in a transaction. With `@yuzuru/db`, `(fn) => transaction(db, fn)` repeats it
   * after a serialization failure.
   *
   * @default Kysely's own `db.transaction()`
   */
  readonly transaction?: (<T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>) | undefined
}

/**
 * A store on PostgreSQL, in the tables of `billingMigrations`. Each method but `processEvent` is one
 * statement or two, and none holds a transaction open while Stripe is asked.
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
  return new KyselyBillingStore(db, transaction)
}

type RunTransaction<DB> = <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>

/** Names without underscores: a plugin that renames columns leaves them alone. */
interface CustomerRow {
  readonly customer: string | null
  readonly key: string | null
  readonly parameters: string | null
  readonly started: number | string | null
}

class KyselyBillingStore<DB> implements BillingStore<Transaction<DB>> {
  readonly #db: StoreDatabase<DB>
  readonly #transaction: RunTransaction<DB>

  constructor(db: StoreDatabase<DB>, transaction: RunTransaction<DB>) {
    this.#db = db
    this.#transaction = transaction
  }

  async findCustomer(reference: string): Promise<CustomerRecord | undefined> {
    const { rows } = await sql<CustomerRow>`
      select customer_id as customer, idempotency_key as key, parameters,
        (extract(epoch from started_at) * 1000)::float8 as started
      from yuzuru_billing_customers where reference = ${reference}`.execute(this.#db)
    const [row] = rows
    return row === undefined ? undefined : recordOf(reference, row)
  }

  async beginCustomer(reference: string, intent: CustomerIntent): Promise<CustomerRecord> {
    // Between the two statements the row may go away (a refused intent): then it is begun once more.
    for (;;) {
      const found = await this.findCustomer(reference)
      if (found !== undefined) return found
      await sql`
        insert into yuzuru_billing_customers (reference, idempotency_key, parameters, started_at)
        values (${reference}, ${intent.idempotencyKey}, ${intent.parameters},
          to_timestamp(${intent.startedAt}::float8 / 1000))
        on conflict (reference) do nothing`.execute(this.#db)
    }
  }

  async replaceIntent(
    reference: string,
    formerKey: string,
    intent: CustomerIntent | undefined,
  ): Promise<CustomerRecord | undefined> {
    const standing = sql`reference = ${reference} and idempotency_key = ${formerKey}`
    const statement =
      intent === undefined
        ? sql`delete from yuzuru_billing_customers where ${standing}`
        : sql`
          update yuzuru_billing_customers
          set idempotency_key = ${intent.idempotencyKey}, parameters = ${intent.parameters},
            started_at = to_timestamp(${intent.startedAt}::float8 / 1000)
          where ${standing}`
    await statement.execute(this.#db)
    return await this.findCustomer(reference)
  }

  async settleCustomer(reference: string, customerId: string): Promise<string> {
    const { rows } = await sql<{ readonly customer: string }>`
      insert into yuzuru_billing_customers as known (reference, customer_id)
      values (${reference}, ${customerId})
      on conflict (reference) do update
        set customer_id = coalesce(known.customer_id, excluded.customer_id),
          idempotency_key = null, parameters = null, started_at = null
      returning customer_id as customer`.execute(this.#db)
    const [row] = rows
    return row?.customer ?? customerId
  }

  async processEvent<T>(
    event: EventRecord,
    handler: (tx: Transaction<DB>) => Promise<T>,
  ): Promise<Processed<T>> {
    return await this.#transaction<Processed<T>>(async (tx) => {
      // Waits for another transaction that has inserted the same id, until it has ended either way.
      const { rows } = await sql`
        insert into yuzuru_billing_events (id, type, created_at)
        values (${event.id}, ${event.type}, to_timestamp(${event.createdAt}::float8 / 1000))
        on conflict (id) do nothing
        returning id`.execute(tx)
      if (rows.length === 0) return { duplicate: true }
      return { duplicate: false, value: await handler(tx) }
    })
  }

  async pruneEvents(before: Date): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from yuzuru_billing_events where received_at < ${before}`.execute(this.#db)
    return Number(numAffectedRows ?? 0)
  }
}

function recordOf(reference: string, row: CustomerRow): CustomerRecord {
  const { customer, key, parameters, started } = row
  const intent =
    key === null || parameters === null
      ? undefined
      : { idempotencyKey: key, parameters, startedAt: Number(started) }
  return { reference, customerId: customer ?? undefined, intent }
}
