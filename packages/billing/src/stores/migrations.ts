import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The store's tables, for `migrate` of `@yuzuru/db` or Kysely's own `Migrator`. Never edited once
 * released: later changes are later keys. PostgreSQL 14 and up.
 *
 * @example
 * await migrate(db, [billingMigrations, appMigrations])
 */
export const billingMigrations: Record<string, Migration> = {
  yuzuru_billing_0001_init: {
    async up(db) {
      // A row is either an intent or a customer; `parameters` (an address, a name) goes with the intent.
      await sql`
        create table yuzuru_billing_customers (
          reference text primary key check (length(reference) between 1 and 200),
          customer_id text unique,
          idempotency_key text,
          parameters text,
          started_at timestamptz,
          created_at timestamptz not null default now(),
          check (
            (customer_id is null)
              = (idempotency_key is not null and parameters is not null and started_at is not null)
          )
        )`.execute(db)
      await sql`
        create table yuzuru_billing_events (
          id text primary key,
          type text not null,
          created_at timestamptz not null,
          received_at timestamptz not null default now()
        )`.execute(db)
      await sql`
        create index yuzuru_billing_events_received on yuzuru_billing_events (received_at)`.execute(
        db,
      )
    },
    async down(db) {
      await sql`drop table yuzuru_billing_events`.execute(db)
      await sql`drop table yuzuru_billing_customers`.execute(db)
    },
  },
}
