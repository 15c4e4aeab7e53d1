import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The tables of keys and answers, for `migrate` of `@yuzuru/db` or Kysely's own `Migrator`. Never edited once
 * released: later changes are later keys. PostgreSQL 14 and up.
 *
 * @example
 * await migrate(db, [idempotencyMigrations, appMigrations])
 */
export const idempotencyMigrations: Record<string, Migration> = {
  yuzuru_idempotency_0001_init: {
    async up(db) {
      await sql`
        create table yuzuru_idempotency_keys (
          id text primary key check (length(id) between 1 and 200),
          token text not null,
          fingerprint text not null,
          state text not null default 'running' check (state in ('running', 'unknown', 'answered')),
          repeatable boolean not null,
          lease_until timestamptz not null,
          expires_at timestamptz not null,
          status integer,
          headers text,
          body bytea,
          check ((state = 'answered')
            = (status is not null and headers is not null and body is not null))
        )`.execute(db)
      await sql`
        create index yuzuru_idempotency_keys_expires on yuzuru_idempotency_keys (expires_at)`.execute(
        db,
      )
      // Apart from the keys: a row that was renewed could not be finished by a transaction whose snapshot
      // is older (repeatable read, serializable).
      await sql`
        create table yuzuru_idempotency_renewals (
          id text not null references yuzuru_idempotency_keys on delete cascade,
          token text not null,
          lease_until timestamptz not null,
          primary key (id, token)
        )`.execute(db)
    },
    async down(db) {
      await sql`drop table yuzuru_idempotency_renewals, yuzuru_idempotency_keys`.execute(db)
    },
  },
}
