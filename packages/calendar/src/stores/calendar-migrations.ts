import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The tables of accounts and consents, for `migrate` of `@yuzuru/db` or Kysely's own `Migrator`. Never
 * edited once released: later changes are later keys. PostgreSQL 14 and up.
 *
 * @example
 * await migrate(db, [calendarMigrations, appMigrations])
 */
export const calendarMigrations: Record<string, Migration> = {
  yuzuru_calendar_0001_init: {
    async up(db) {
      // A version comes from a sequence, so that a row that was removed and came back has another one.
      await sql`
        create table yuzuru_calendar_accounts (
          reference text primary key check (length(reference) between 1 and 200),
          version bigint not null generated always as identity,
          sealed text not null,
          lease_until timestamptz,
          connected_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`.execute(db)
      await sql`
        create table yuzuru_calendar_consents (
          key text primary key,
          reference text not null check (length(reference) between 1 and 200),
          sealed text not null,
          expires_at timestamptz not null
        )`.execute(db)
      await sql`
        create index yuzuru_calendar_consents_expires on yuzuru_calendar_consents (expires_at)`.execute(
        db,
      )
    },
    async down(db) {
      await sql`drop table yuzuru_calendar_consents`.execute(db)
      await sql`drop table yuzuru_calendar_accounts`.execute(db)
    },
  },
}
