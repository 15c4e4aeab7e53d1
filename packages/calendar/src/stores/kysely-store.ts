import { outcomeOf } from '@yuzuru/concurrency'
import { expected, expectOptions, isMissingTable } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { CalendarError } from '../calendar-error.ts'
import type { CalendarStore } from './calendar-store.ts'
import { SealedRows } from './sealed-rows.ts'
import { expectCipher, type TokenCipher } from './token-cipher.ts'

/** Options of {@link kyselyCalendarStore}. */
export interface KyselyCalendarStoreOptions {
  /** Seals the tokens, bound to their row. There is no default: tokens are never kept in the clear. */
  readonly cipher: TokenCipher
}

interface AccountRow {
  readonly sealed: string
  /** As text, whatever the driver makes of a bigint. */
  readonly version: string
}

/**
 * Keeps tokens in PostgreSQL, in the tables of `calendarMigrations`. Every call is one statement. Leases
 * and ages go by the database's clock, so the clocks of the processes need not agree.
 *
 * Give it the database, never a transaction: tokens must not be lost when yours is rolled back.
 *
 * @param db a Kysely of any schema: that of `@yuzuru/db`, or one of your own on PostgreSQL
 * @throws {TypeError} without a cipher
 */
export function kyselyCalendarStore(
  db: QueryExecutorProvider,
  options: KyselyCalendarStoreOptions,
): CalendarStore {
  expectDatabase(db)
  expectOptions(options, ['cipher'], 'kyselyCalendarStore')
  expectCipher(options?.cipher)
  const sealing = new SealedRows(options.cipher)
  const rows = async <Row>(statement: RawBuilder<Row>): Promise<readonly Row[]> => {
    // Without the plugins: a CamelCasePlugin would rename the columns that we read.
    const executor = { getExecutor: () => db.getExecutor().withoutPlugins() }
    try {
      return (await statement.execute(executor)).rows
    } catch (error) {
      throw isMissingTable(error, 'yuzuru_calendar_') ? notMigrated(error) : error
    }
  }
  const any = async (statement: RawBuilder<unknown>): Promise<boolean> =>
    (await rows(statement)).length > 0
  return {
    async load(reference) {
      const [row] = await rows(sql<AccountRow>`
        select sealed, version::text as version
        from yuzuru_calendar_accounts where reference = ${reference}`)
      if (row === undefined) return undefined
      const tokens = await sealing.openTokens(reference, row.sealed)
      return { tokens, version: Number(row.version) }
    },
    async put(reference, tokens) {
      const sealed = await sealing.sealTokens(reference, tokens)
      await rows(sql`
        insert into yuzuru_calendar_accounts (reference, sealed) values (${reference}, ${sealed})
        on conflict (reference) do update set sealed = excluded.sealed, version = default,
          lease_until = null, connected_at = now(), updated_at = now()`)
    },
    async replace(reference, version, tokens) {
      const sealed = await sealing.sealTokens(reference, tokens)
      return await any(sql`
        update yuzuru_calendar_accounts
        set sealed = ${sealed}, version = default, lease_until = null, updated_at = now()
        where reference = ${reference} and version = ${version} returning 1`)
    },
    remove: (reference, version) =>
      any(sql`
        delete from yuzuru_calendar_accounts
        where reference = ${reference} and version = ${version} returning 1`),
    async claimRefresh(reference, version, leaseMs) {
      // A lease that has run out was never given back. What is returned is the row as it was before.
      const [claimed] = await rows(sql<{ unsettled: boolean }>`
        update yuzuru_calendar_accounts as a
        set lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1000})
        from (
          select reference, lease_until from yuzuru_calendar_accounts
          where reference = ${reference} and version = ${version} for update
        ) as before
        where a.reference = before.reference
          and (before.lease_until is null or before.lease_until <= clock_timestamp())
        returning before.lease_until is not null as unsettled`)
      return claimed === undefined ? false : { unsettled: claimed.unsettled }
    },
    async releaseRefresh(reference, version, unsettled) {
      const until = unsettled ? sql`clock_timestamp()` : sql`null`
      await rows(sql`
        update yuzuru_calendar_accounts set lease_until = ${until}
        where reference = ${reference} and version = ${version}`)
    },
    async putPending(key, pending, lifetimeMs) {
      const sealed = await sealing.sealPending(pending)
      await rows(sql`
        with expired as (delete from yuzuru_calendar_consents where expires_at <= now())
        insert into yuzuru_calendar_consents (key, reference, sealed, expires_at)
        values (${key}, ${pending.reference}, ${sealed}, now() + make_interval(secs => ${lifetimeMs / 1000}))
        on conflict (key) do update set reference = excluded.reference,
          sealed = excluded.sealed, expires_at = excluded.expires_at`)
    },
    async takePending(key) {
      const [row] = await rows(sql<{ reference: string; sealed: string; current: boolean }>`
        delete from yuzuru_calendar_consents where key = ${key}
        returning reference, sealed, expires_at > now() as current`)
      if (row?.current !== true) return undefined
      return await sealing.openPending(row.reference, row.sealed)
    },
  }
}

function expectDatabase(db: QueryExecutorProvider): void {
  if (typeof db?.getExecutor === 'function') return
  throw expected('db to be a Kysely', db)
}

function notMigrated(cause: unknown): CalendarError {
  return new CalendarError(
    'The tables of the calendar are not there, or are of an earlier version: run migrate(db, [calendarMigrations]) first',
    { operation: 'store', code: 'not_migrated', outcome: outcomeOf(cause) ?? 'unknown', cause },
  )
}
