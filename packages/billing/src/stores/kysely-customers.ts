import { fieldOf } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { CustomerIntent, CustomerRecord } from './customer-record.ts'
import { runStatement } from './run-statement.ts'
import { millisecondsOf, timestampOf } from './sql-time.ts'

/** Names without underscores: a plugin that renames columns leaves them alone. */
interface CustomerRow {
  readonly customer: string | null
  readonly key: string | null
  readonly parameters: string | null
  readonly started: number | string | null
}

/** The customers of a store on PostgreSQL: each method is one statement or two. */
export class KyselyCustomers {
  readonly #db: QueryExecutorProvider

  constructor(db: QueryExecutorProvider) {
    this.#db = db
  }

  async findCustomer(reference: string): Promise<CustomerRecord | undefined> {
    const { rows } = await runStatement(
      sql<CustomerRow>`
      select customer_id as customer, idempotency_key as key, parameters,
        ${millisecondsOf('started_at')} as started
      from yuzuru_billing_customers where reference = ${reference}`,
      this.#db,
    )
    const [row] = rows
    return row === undefined ? undefined : recordOf(reference, row)
  }

  async findReference(customerId: string): Promise<string | undefined> {
    const { rows } = await runStatement(
      sql<{ readonly reference: string }>`
      select reference from yuzuru_billing_customers where customer_id = ${customerId}`,
      this.#db,
    )
    return rows[0]?.reference
  }

  async beginCustomer(reference: string, intent: CustomerIntent): Promise<CustomerRecord> {
    // Between the two statements the row may go away (a refused intent): then it is begun once more.
    for (;;) {
      const found = await this.findCustomer(reference)
      if (found !== undefined) return found
      await runStatement(
        sql`
        insert into yuzuru_billing_customers (reference, idempotency_key, parameters, started_at)
        values (${reference}, ${intent.idempotencyKey}, ${intent.parameters},
          ${timestampOf(intent.startedAt)})
        on conflict (reference) do nothing`,
        this.#db,
      )
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
            started_at = ${timestampOf(intent.startedAt)}
          where ${standing}`
    await runStatement(statement, this.#db)
    return await this.findCustomer(reference)
  }

  async settleCustomer(reference: string, customerId: string): Promise<string> {
    const { rows } = await runStatement(
      sql<{ readonly customer: string }>`
      insert into yuzuru_billing_customers as known (reference, customer_id)
      values (${reference}, ${customerId})
      on conflict (reference) do update
        set customer_id = coalesce(known.customer_id, excluded.customer_id),
          idempotency_key = null, parameters = null, started_at = null
      returning customer_id as customer`,
      this.#db,
    )
    const [row] = rows
    return row?.customer ?? customerId
  }

  async replaceCustomer(
    reference: string,
    formerId: string | undefined,
    customerId: string | undefined,
  ): Promise<CustomerRecord | undefined> {
    const former = formerId ?? null
    if (customerId === undefined) {
      await runStatement(
        sql`
        delete from yuzuru_billing_customers
        where reference = ${reference} and customer_id = ${former}`,
        this.#db,
      )
      return await this.findCustomer(reference)
    }
    // `on conflict` names no column: a customer of another reference is a conflict too, and changes nothing.
    await runStatement(
      sql`
      insert into yuzuru_billing_customers (reference, customer_id)
      select ${reference}, ${customerId} where ${former}::text is null
      on conflict do nothing`,
      this.#db,
    )
    try {
      await this.#put(reference, former, customerId)
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
    }
    return await this.findCustomer(reference)
  }

  async #put(reference: string, former: string | null, customerId: string): Promise<void> {
    await runStatement(
      sql`
      update yuzuru_billing_customers
      set customer_id = ${customerId}, idempotency_key = null, parameters = null, started_at = null
      where reference = ${reference} and customer_id is not distinct from ${former}
        and not exists (
          select from yuzuru_billing_customers as other where other.customer_id = ${customerId}
        )`,
      this.#db,
    )
  }
}

/** Another reference took the customer at the same moment. SQLSTATE 23505, or `@yuzuru/db`'s word for it. */
function isUniqueViolation(error: unknown): boolean {
  const code = fieldOf(error, 'code')
  return code === '23505' || code === 'unique_violation'
}

function recordOf(reference: string, row: CustomerRow): CustomerRecord {
  const { customer, key, parameters, started } = row
  const intent =
    key === null || parameters === null
      ? undefined
      : { idempotencyKey: key, parameters, startedAt: Number(started) }
  return { reference, customerId: customer ?? undefined, intent }
}
