import { type QueryExecutorProvider, sql } from 'kysely'
import type { CheckoutClaim, CheckoutRecord, CheckoutSession } from './checkout-record.ts'
import { runStatement } from './run-statement.ts'
import { millisecondsOf, timestampOf } from './sql-time.ts'

interface CheckoutRow {
  readonly key: string
  readonly asked: string
  readonly parameters: string
  readonly started: number | string
  readonly session: string | null
  readonly url: string | null
  readonly expires: number | string | null
}

/** The checkouts of a store on PostgreSQL: each method is one statement or two. */
export class KyselyCheckouts {
  readonly #db: QueryExecutorProvider

  constructor(db: QueryExecutorProvider) {
    this.#db = db
  }

  async findCheckout(reference: string): Promise<CheckoutRecord | undefined> {
    const { rows } = await runStatement(
      sql<CheckoutRow>`
      select idempotency_key as key, asked, parameters,
        ${millisecondsOf('started_at')} as started, session_id as session, url,
        ${millisecondsOf('expires_at')} as expires
      from yuzuru_billing_checkouts where reference = ${reference}`,
      this.#db,
    )
    const [row] = rows
    return row === undefined ? undefined : recordOf(reference, row)
  }

  async beginCheckout(reference: string, claim: CheckoutClaim): Promise<CheckoutRecord> {
    // Between the two statements the row may go away: then it is begun once more.
    for (;;) {
      const found = await this.findCheckout(reference)
      if (found !== undefined) return found
      await runStatement(
        sql`
        insert into yuzuru_billing_checkouts
          (reference, idempotency_key, asked, parameters, started_at)
        values (${reference}, ${claim.idempotencyKey}, ${claim.asked}, ${claim.parameters},
          ${timestampOf(claim.startedAt)})
        on conflict (reference) do nothing`,
        this.#db,
      )
    }
  }

  async settleCheckout(
    reference: string,
    key: string,
    session: CheckoutSession,
  ): Promise<CheckoutRecord | undefined> {
    await runStatement(
      sql`
      update yuzuru_billing_checkouts
      set session_id = ${session.id}, url = ${session.url}, parameters = '',
        expires_at = ${timestampOf(session.expiresAt)}
      where reference = ${reference} and idempotency_key = ${key} and session_id is null`,
      this.#db,
    )
    return await this.findCheckout(reference)
  }

  async replaceCheckout(
    reference: string,
    formerKey: string,
    claim: CheckoutClaim | undefined,
  ): Promise<CheckoutRecord | undefined> {
    const standing = sql`reference = ${reference} and idempotency_key = ${formerKey}`
    const statement =
      claim === undefined
        ? sql`delete from yuzuru_billing_checkouts where ${standing}`
        : sql`
          update yuzuru_billing_checkouts
          set idempotency_key = ${claim.idempotencyKey}, asked = ${claim.asked},
            parameters = ${claim.parameters}, session_id = null, url = null, expires_at = null,
            started_at = ${timestampOf(claim.startedAt)}
          where ${standing}`
    await runStatement(statement, this.#db)
    return await this.findCheckout(reference)
  }
}

function recordOf(reference: string, row: CheckoutRow): CheckoutRecord {
  const { key, asked, parameters, started, session, url, expires } = row
  const claim = { idempotencyKey: key, asked, parameters, startedAt: Number(started) }
  if (session === null || url === null) return { reference, claim, session: undefined }
  return { reference, claim, session: { id: session, url, expiresAt: Number(expires) } }
}
