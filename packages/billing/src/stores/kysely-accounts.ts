import { type QueryExecutorProvider, sql, type Transaction } from 'kysely'
import type {
  AccountChange,
  AccountRecord,
  FetchDraw,
  FetchWrite,
  FetchWritten,
  NewAccount,
  SubscriptionRecord,
} from './account-record.ts'
import {
  ACCOUNT,
  ACCOUNT_AND_SUBSCRIPTION,
  type AccountAndSubscriptionJson,
  type AccountJson,
  accountOf,
  accountOfRows,
  ENDED_STATUSES,
  inOrder,
  readJson,
  SUBSCRIPTION,
  type SubscriptionJson,
  subscriptionOf,
} from './account-rows.ts'
import type { BillingStore, ChangeListener } from './billing-store.ts'
import { chosenOf } from './chosen-of.ts'
import { runStatement } from './run-statement.ts'
import { timestampOf } from './sql-time.ts'
import { statement } from './statement.ts'
import {
  lockAccount,
  markStatement,
  type WrittenRows,
  writeStatement,
  writtenOf,
} from './write-account.ts'

/** Runs a function in a transaction. */
export type RunTransaction<DB> = <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>

/** Names without underscores: a plugin that renames columns leaves them alone. */
interface AccountRow<Account = AccountJson> {
  readonly account: string | Account
}

interface SubscriptionRow {
  readonly subscription: string | SubscriptionJson
}

const ACCOUNT_OF = `
  select ${ACCOUNT_AND_SUBSCRIPTION}::text as account
  from yuzuru_billing_accounts as a
    left join yuzuru_billing_subscriptions as s on s.reference = a.reference
  where a.reference = $1::text`

const DRAW = `
  select nextval('yuzuru_billing_fetches')::float8 as number,
    exists (select from yuzuru_billing_events where id = $1::text) as duplicate`

/** The accounts and subscriptions of a store on PostgreSQL. */
export class KyselyAccounts<DB> {
  readonly #db: QueryExecutorProvider
  readonly #transaction: RunTransaction<DB>

  constructor(db: QueryExecutorProvider, transaction: RunTransaction<DB>) {
    this.#db = db
    this.#transaction = transaction
  }

  async openAccount(reference: string, fresh: NewAccount): Promise<AccountRecord> {
    for (;;) {
      const { rows } = await runStatement(
        statement<AccountRow<AccountAndSubscriptionJson>>(ACCOUNT_OF, [reference]),
        this.#db,
      )
      const known = accountOfRows(rows.map(({ account }) => readJson(account)))
      if (known !== undefined) return known
      await runStatement(
        sql`
        insert into yuzuru_billing_accounts (reference, created_at, trial_ends_at)
        values (${reference}, ${timestampOf(fresh.now)}, ${timestampOf(fresh.trialEndsAt)})
        on conflict (reference) do nothing`,
        this.#db,
      )
    }
  }

  async findSubscription(id: string): Promise<SubscriptionRecord | undefined> {
    const { rows } = await runStatement(
      statement<SubscriptionRow>(
        `select ${SUBSCRIPTION}::text as subscription
        from yuzuru_billing_subscriptions as s where s.id = $1::text`,
        [id],
      ),
      this.#db,
    )
    const [row] = rows
    return row === undefined ? undefined : subscriptionOf(readJson(row.subscription))
  }

  async drawFetch(eventId: string | undefined): Promise<FetchDraw> {
    const { rows } = await runStatement(statement<FetchDraw>(DRAW, [eventId ?? null]), this.#db)
    const [row] = rows
    if (row === undefined) throw new TypeError('Expected a number of the sequence, got no row')
    return row
  }

  /**
   * One statement by itself where nobody listens and nobody else writes for the same reference. Else a transaction,
   * in which the account is locked when another write got in between.
   */
  async writeFetch(
    write: FetchWrite,
    listener?: ChangeListener<Transaction<DB>>,
  ): Promise<FetchWritten> {
    if (listener === undefined) {
      const written = await this.#writeAlone(write)
      if (written !== undefined) return written
    }
    return await this.#transaction<FetchWritten>(async (tx) => {
      const written = isNobodys(write) ? undefined : await writeIn(tx, write, listener)
      if (written === undefined) {
        const { rows } = await markStatement(write).execute(tx)
        const duplicate = write.event !== undefined && rows.length === 0
        await listener?.(undefined, { tx, duplicate })
        return { duplicate, change: undefined }
      }
      const result = fetchWritten(write, written)
      await listener?.(result.change, { tx, duplicate: result.duplicate })
      return result
    })
  }

  /** @returns `undefined` when there is no account yet, or another write got in between */
  async #writeAlone(write: FetchWrite): Promise<FetchWritten | undefined> {
    if (isNobodys(write)) {
      const { rows } = await runStatement(markStatement(write), this.#db)
      return { duplicate: write.event !== undefined && rows.length === 0, change: undefined }
    }
    const { rows } = await runStatement(writeStatement(write), this.#db)
    return rows[0] === undefined ? undefined : fetchWritten(write, writtenOf(rows[0]))
  }

  async chooseSubscription(reference: string, ids: readonly string[]): Promise<string> {
    return await this.#transaction(async (tx) => {
      await touchAccount(tx, reference)
      const given = sql`select value from json_array_elements_text(${JSON.stringify(ids)}::json)`
      const { rows } = await sql<{ readonly id: string }>`
        select id from yuzuru_billing_subscriptions
        where passed_over and id in (${given})`.execute(tx)
      const chosen = chosenOf(ids, new Set(rows.map(({ id }) => id)))
      await sql`
        update yuzuru_billing_subscriptions set passed_over = true
        where id in (${given}) and id <> ${chosen}`.execute(tx)
      return chosen
    })
  }

  async listSubscriptions({
    after,
    limit,
  }: Parameters<BillingStore['listSubscriptions']>[0]): Promise<readonly SubscriptionRecord[]> {
    const { rows } = await runStatement(
      sql<SubscriptionRow>`
      select ${sql.raw(SUBSCRIPTION)}::text as subscription
      from yuzuru_billing_subscriptions as s
      where s.id > ${after ?? ''} and s.status not in (${sql.join(ENDED_STATUSES)})
      order by s.id limit ${limit}`,
      this.#db,
    )
    return rows.map(({ subscription }) => subscriptionOf(readJson(subscription)))
  }

  async listTrialsEnding({
    after,
    before,
    limit,
  }: Parameters<BillingStore['listTrialsEnding']>[0]): Promise<readonly string[]> {
    const { rows } = await runStatement(
      sql<{ readonly account: string }>`
      select reference as account from yuzuru_billing_accounts
      where trial_noticed_at is null and trial_ends_at > ${timestampOf(after)}
        and trial_ends_at <= ${timestampOf(before)}
      order by trial_ends_at, reference limit ${limit}`,
      this.#db,
    )
    return rows.map(({ account }) => account)
  }

  async noticeTrial(
    reference: string,
    listener: ChangeListener<Transaction<DB>>,
  ): Promise<boolean> {
    return await this.#transaction(async (tx) => {
      const { rows } = await sql<AccountRow>`
        update yuzuru_billing_accounts as a set trial_noticed_at = now()
        where a.reference = ${reference} and a.trial_noticed_at is null
        returning ${sql.raw(ACCOUNT)}::text as account`.execute(tx)
      const [row] = rows
      if (row === undefined) return false
      const found = await sql<SubscriptionRow>`
        select ${sql.raw(SUBSCRIPTION)}::text as subscription
        from yuzuru_billing_subscriptions as s where s.reference = ${reference}`.execute(tx)
      const subscriptions = found.rows.map((one) => subscriptionOf(readJson(one.subscription)))
      const account = accountOf(readJson(row.account), inOrder(subscriptions))
      await listener({ before: account, after: account }, { tx, duplicate: false })
      return true
    })
  }

  async pruneEvents(before: Date): Promise<number> {
    const { numAffectedRows } = await runStatement(
      sql`
      delete from yuzuru_billing_events where received_at < ${before}`,
      this.#db,
    )
    return Number(numAffectedRows ?? 0)
  }
}

/** Whether it says nothing of any account. */
function isNobodys({ reference, subscriptions }: FetchWrite): boolean {
  return reference === undefined && subscriptions.length === 0
}

/** @returns `undefined` when the subscriptions are nobody's */
async function writeIn(
  tx: QueryExecutorProvider,
  write: FetchWrite,
  listener: unknown,
): Promise<WrittenRows | undefined> {
  // Without a listener it was tried already.
  if (listener !== undefined) {
    const { rows } = await writeStatement(write).execute(tx)
    if (rows[0] !== undefined) return writtenOf(rows[0])
  }
  const reference = await lockAccount(tx, write)
  if (reference === undefined) return undefined
  const { rows } = await writeStatement({ ...write, reference }).execute(tx)
  if (rows[0] === undefined) throw new TypeError('Expected the account that is locked, got none')
  return writtenOf(rows[0])
}

function fetchWritten(
  { event }: FetchWrite,
  { account, known, written, marked }: WrittenRows,
): FetchWritten & { readonly change: AccountChange } {
  const before = known.map(subscriptionOf)
  const all = new Map([...before, ...written.map(subscriptionOf)].map((one) => [one.id, one]))
  const change = {
    before: accountOf(account, inOrder(before)),
    after: accountOf(account, inOrder(all.values())),
  }
  return { duplicate: event !== undefined && !marked, change }
}

async function touchAccount(tx: QueryExecutorProvider, reference: string): Promise<void> {
  await sql`
    update yuzuru_billing_accounts set reference = reference where reference = ${reference}`.execute(
    tx,
  )
}
