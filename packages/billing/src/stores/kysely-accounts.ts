import { type QueryExecutorProvider, type RawBuilder, sql, type Transaction } from 'kysely'
import type {
  AccountRecord,
  EventRecord,
  FetchDraw,
  FetchWrite,
  FetchWritten,
  NewAccount,
  SubscriptionRecord,
} from './account-record.ts'
import {
  accountOf,
  type AccountRow,
  ENDED_STATUSES,
  inOrder,
  rowsOf,
  type SubscriptionRow,
  subscriptionOf,
} from './account-rows.ts'
import type { BillingStore, ChangeListener } from './billing-store.ts'
import { chosenOf } from './chosen-of.ts'
import { runStatement } from './run-statement.ts'
import { millisecondsOf, timestampOf } from './sql-time.ts'

/** Runs a function in a transaction. */
export type RunTransaction<DB> = <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>

const ACCOUNT = sql`
  a.reference as account, ${millisecondsOf('a.created_at')} as seen,
  ${millisecondsOf('a.trial_ends_at')} as trial,
  a.trial_noticed_at is not null as noticed`

const SUBSCRIPTION = sql`
  s.id, s.reference, s.customer_id as customer, s.status, s.paused, s.items,
  ${millisecondsOf('s.created_at')} as created,
  ${millisecondsOf('s.period_ends_at')} as period,
  ${millisecondsOf('s.trial_ends_at')} as tried,
  ${millisecondsOf('s.ends_at')} as ends,
  ${millisecondsOf('s.since')} as since, s.fetched::float8 as number`

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
        sql<AccountRow & SubscriptionRow>`
        select ${ACCOUNT}, ${SUBSCRIPTION}
        from yuzuru_billing_accounts as a
          left join yuzuru_billing_subscriptions as s on s.reference = a.reference
        where a.reference = ${reference}`,
        this.#db,
      )
      const [first] = rows
      if (first !== undefined) {
        const known = rows.filter(({ id }) => id !== null)
        return accountOf(first, inOrder(known.map(subscriptionOf)))
      }
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
      sql<SubscriptionRow>`
      select ${SUBSCRIPTION} from yuzuru_billing_subscriptions as s where s.id = ${id}`,
      this.#db,
    )
    const [row] = rows
    return row === undefined ? undefined : subscriptionOf(row)
  }

  async drawFetch(eventId: string | undefined): Promise<FetchDraw> {
    const { rows } = await runStatement(
      sql<FetchDraw>`
      select nextval('yuzuru_billing_fetches')::float8 as number,
        exists (
          select from yuzuru_billing_events where id = ${eventId ?? null}
        ) as duplicate`,
      this.#db,
    )
    const [row] = rows
    if (row === undefined) throw new TypeError('Expected a number of the sequence, got no row')
    return row
  }

  async writeFetch(
    write: FetchWrite,
    listener?: ChangeListener<Transaction<DB>>,
  ): Promise<FetchWritten> {
    return await this.#transaction<FetchWritten>(async (tx) => {
      const account = await lockAccount(tx, write)
      if (account === undefined) {
        const duplicate = !(await markEvent(tx, write.event))
        await listener?.(undefined, { tx, duplicate })
        return { duplicate, change: undefined }
      }
      const { rows } = await writeAll(tx, account.account, write)
      const written = new Map<string, SubscriptionRecord>()
      const before = new Map<string, SubscriptionRecord>()
      let duplicate = write.event !== undefined
      for (const row of rows) {
        if (row.what === 'marked') duplicate = false
        else if (row.what === 'known') before.set(row.id, subscriptionOf(row))
        else written.set(row.id, subscriptionOf(row))
      }
      const change = {
        before: accountOf(account, inOrder(before.values())),
        after: accountOf(account, inOrder(new Map([...before, ...written]).values())),
      }
      await listener?.(change, { tx, duplicate })
      return { duplicate, change }
    })
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
      select ${SUBSCRIPTION} from yuzuru_billing_subscriptions as s
      where s.id > ${after ?? ''} and s.status not in (${sql.join(ENDED_STATUSES)})
      order by s.id limit ${limit}`,
      this.#db,
    )
    return rows.map(subscriptionOf)
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
        returning ${ACCOUNT}`.execute(tx)
      const [row] = rows
      if (row === undefined) return false
      const found = await sql<SubscriptionRow>`
        select ${SUBSCRIPTION} from yuzuru_billing_subscriptions as s
        where s.reference = ${reference}`.execute(tx)
      const account = accountOf(row, inOrder(found.rows.map(subscriptionOf)))
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

/** @returns whether it was not marked before */
async function markEvent(
  tx: QueryExecutorProvider,
  event: EventRecord | undefined,
): Promise<boolean> {
  if (event === undefined) return true
  // Waits for another transaction that has inserted the same id, until it has ended either way.
  const { rows } = await sql`${markOf(event)} returning id`.execute(tx)
  return rows.length > 0
}

function markOf({ id, type, createdAt }: EventRecord): RawBuilder<unknown> {
  return sql`
    insert into yuzuru_billing_events (id, type, created_at)
    values (${id}, ${type}, ${timestampOf(createdAt)}) on conflict (id) do nothing`
}

/**
 * Locks the account of what was fetched, and makes it if there is none; `undefined`: it is nobody's. A lock alone
 * does not tell a transaction of a higher level than `read committed` that another has written meanwhile: there
 * the row is written too, so that the later one of the two fails, and is repeated with what the first has written.
 */
async function lockAccount(
  tx: QueryExecutorProvider,
  write: FetchWrite,
): Promise<AccountRow | undefined> {
  const [first] = write.subscriptions
  const reference =
    first === undefined || write.reference !== undefined
      ? sql`${write.reference ?? null}::text`
      : sql`coalesce(
          (select reference from yuzuru_billing_customers where customer_id = ${first.customerId}),
          (select reference from yuzuru_billing_subscriptions where id = ${first.id}),
          ${first.namedReference ?? null}::text)`
  const found = await sql<AccountRow & { readonly isolation: string }>`
    select ${ACCOUNT}, current_setting('transaction_isolation') as isolation
    from yuzuru_billing_accounts as a
    where a.reference = ${reference} for update`.execute(tx)
  const [account] = found.rows
  if (account !== undefined) {
    if (account.isolation !== 'read committed') await touchAccount(tx, account.account)
    return account
  }
  const made = await sql<AccountRow>`
    insert into yuzuru_billing_accounts as a (reference, created_at, trial_ends_at)
    select mine.reference, ${timestampOf(write.now)}, ${timestampOf(write.trialEndsAt)}
    from (select ${reference} as reference) as mine where mine.reference is not null
    on conflict (reference) do update set reference = excluded.reference
    returning ${ACCOUNT}`.execute(tx)
  return made.rows[0]
}

async function touchAccount(tx: QueryExecutorProvider, reference: string): Promise<void> {
  await sql`
    update yuzuru_billing_accounts set reference = reference where reference = ${reference}`.execute(
    tx,
  )
}

interface WrittenRow extends SubscriptionRow {
  readonly what: 'marked' | 'known' | 'written'
}

/** What stood, what is written, and whether the event is new: one statement, under the account's lock. */
function writeAll(tx: QueryExecutorProvider, reference: string, write: FetchWrite) {
  const { event, number, now } = write
  const marked =
    event === undefined
      ? sql`select null::text as id where false`
      : sql`${markOf(event)} returning id`
  return sql<WrittenRow>`
    with marked as (${marked}),
    seen as (
      select * from json_to_recordset(${rowsOf(write)}::json) as f (
        id text, customer text, status text, paused boolean, items text,
        created float8, period float8, tried float8, ends float8)
    ),
    written as (
      insert into yuzuru_billing_subscriptions as s (id, reference, customer_id, status, paused,
        items, created_at, period_ends_at, trial_ends_at, ends_at, since, fetched)
      select f.id, ${reference}, f.customer, f.status, f.paused, f.items,
        to_timestamp(f.created / 1000), to_timestamp(f.period / 1000),
        to_timestamp(f.tried / 1000), to_timestamp(f.ends / 1000), ${timestampOf(now)}, ${number}::bigint
      from seen as f order by f.id
      on conflict (id) do update set
        reference = excluded.reference, customer_id = excluded.customer_id,
        status = excluded.status, paused = excluded.paused, items = excluded.items,
        created_at = excluded.created_at, period_ends_at = excluded.period_ends_at,
        trial_ends_at = excluded.trial_ends_at, ends_at = excluded.ends_at,
        fetched = excluded.fetched,
        since = case
          when s.status = excluded.status and s.paused = excluded.paused
            and (s.status not in ('active', 'trialing')
              or (s.ends_at is null) = (excluded.ends_at is null))
          then s.since else excluded.since end
      where s.fetched < excluded.fetched
      returning ${SUBSCRIPTION}
    )
    select 'marked' as what, marked.id, null as reference, null as customer, null as status,
      null::boolean as paused, null as items, null::float8 as created, null::float8 as period,
      null::float8 as tried, null::float8 as ends, null::float8 as since, null::float8 as number
    from marked
    union all
    select 'known', ${SUBSCRIPTION} from yuzuru_billing_subscriptions as s
    where s.reference = ${reference}
    union all
    select 'written', written.* from written`.execute(tx)
}
