import { type QueryExecutorProvider, sql } from 'kysely'
import type { FetchWrite } from './account-record.ts'
import {
  ACCOUNT,
  type AccountJson,
  readJson,
  rowsOf,
  SUBSCRIPTION,
  type SubscriptionJson,
} from './account-rows.ts'
import { type Statement, statement } from './statement.ts'
import { timestampOf } from './sql-time.ts'

/** What stood before a write, what it has written, and whether it has marked the event. */
export interface WrittenRows {
  readonly account: AccountJson
  readonly known: readonly SubscriptionJson[]
  readonly written: readonly SubscriptionJson[]
  readonly marked: boolean
}

interface WrittenRow {
  readonly account: string | AccountJson
  readonly known: string | readonly SubscriptionJson[] | null
  readonly written: string | readonly SubscriptionJson[] | null
  readonly marked: boolean
}

/** Whose the subscriptions are: `$1` is the reference that is given, `$2` `$3` `$4` are of the first one of them. */
const OWNER = `
  coalesce($1::text,
    (select reference from yuzuru_billing_customers where customer_id = $2::text),
    (select reference from yuzuru_billing_subscriptions where id = $3::text),
    $4::text)`

/**
 * Writes all of a fetch in one statement, if no other write for the account got in between: the account has a version,
 * which each write raises. PostgreSQL waits here for one that is under way, and then looks at the version again; what
 * the statement has read of the other tables is what stood when it began. With another version it writes nothing.
 *
 * @see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
const WRITE = `
  with seen as materialized (
    select reference, version from yuzuru_billing_accounts where reference = ${OWNER}
  ),
  mine as (
    update yuzuru_billing_accounts as a set version = a.version + 1
    from seen where a.reference = seen.reference and a.version = seen.version
    returning a.*
  ),
  marked as (
    insert into yuzuru_billing_events (id, type, created_at)
    select $5::text, $6::text, to_timestamp($7::float8 / 1000) from mine where $5::text is not null
    on conflict (id) do nothing returning id
  ),
  written as (
    insert into yuzuru_billing_subscriptions as s (id, reference, customer_id, status, paused,
      items, created_at, period_ends_at, trial_ends_at, ends_at, since, fetched)
    select f.id, mine.reference, f.customer, f.status, f.paused, f.items,
      to_timestamp(f.created / 1000), to_timestamp(f.period / 1000),
      to_timestamp(f.tried / 1000), to_timestamp(f.ends / 1000),
      to_timestamp($8::float8 / 1000), $9::bigint
    from mine, json_to_recordset($10::json) as f (id text, customer text, status text,
      paused boolean, items text, created float8, period float8, tried float8, ends float8)
    order by f.id
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
    returning ${SUBSCRIPTION} as it
  )
  select ${ACCOUNT}::text as account,
    (select json_agg(${SUBSCRIPTION}) from yuzuru_billing_subscriptions as s
      where s.reference = a.reference)::text as known,
    (select json_agg(it) from written)::text as written,
    exists (select from marked) as marked
  from mine as a`

interface Owner {
  readonly reference: string
}

/** See {@link WRITE}. */
export function writeStatement(write: FetchWrite): Statement<WrittenRow> {
  const { event, now, number } = write
  return statement<WrittenRow>(WRITE, [
    ...ownerOf(write),
    event?.id ?? null,
    event?.type ?? null,
    event?.createdAt ?? null,
    now,
    number,
    rowsOf(write),
  ])
}

export function writtenOf(row: WrittenRow): WrittenRows {
  return {
    account: readJson(row.account),
    known: row.known === null ? [] : readJson(row.known),
    written: row.written === null ? [] : readJson(row.written),
    marked: row.marked,
  }
}

function ownerOf({ reference, subscriptions: [first] }: FetchWrite): (string | null)[] {
  return first === undefined
    ? [reference ?? null, null, null, null]
    : [reference ?? null, first.customerId, first.id, first.namedReference ?? null]
}

/**
 * Locks the account of what was fetched, and makes it if there is none. A transaction of a higher level than
 * `read committed` fails here when another has written since it began, for that has raised the version.
 *
 * @returns its reference; `undefined`: what was fetched is nobody's
 */
export async function lockAccount(
  tx: QueryExecutorProvider,
  write: FetchWrite,
): Promise<string | undefined> {
  const owner = ownerOf(write)
  const found = await statement<Owner>(
    `select reference from yuzuru_billing_accounts where reference = ${OWNER} for update`,
    owner,
  ).execute(tx)
  const [account] = found.rows
  if (account !== undefined) return account.reference
  const made = await statement<Owner>(
    `insert into yuzuru_billing_accounts as a (reference, created_at, trial_ends_at)
    select mine.reference, to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000)
    from (select ${OWNER} as reference) as mine where mine.reference is not null
    on conflict (reference) do update set reference = excluded.reference
    returning a.reference`,
    [...owner, write.now, write.trialEndsAt ?? null],
  ).execute(tx)
  return made.rows[0]?.reference
}

/** Marks the event, if there is one; gives a row unless it was marked before. */
export function markStatement({ event }: FetchWrite): Statement<unknown> {
  // Waits for another transaction that has inserted the same id, until it has ended either way.
  return sql`
    insert into yuzuru_billing_events (id, type, created_at)
    select ${event?.id ?? null}::text, ${event?.type ?? null}::text, ${timestampOf(event?.createdAt)}
    where ${event !== undefined}::boolean
    on conflict (id) do nothing returning id`
}
