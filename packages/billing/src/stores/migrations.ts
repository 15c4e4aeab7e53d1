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
  yuzuru_billing_0002_statuses: {
    async up(db) {
      // One row a reference. Writers of its subscriptions lock it first, so they go one after the other.
      await sql`
        create table yuzuru_billing_accounts (
          reference text primary key check (length(reference) between 1 and 200),
          created_at timestamptz not null,
          trial_ends_at timestamptz,
          trial_noticed_at timestamptz
        )`.execute(db)
      await sql`
        create index yuzuru_billing_accounts_trial on yuzuru_billing_accounts (trial_ends_at)
          where trial_noticed_at is null`.execute(db)
      // `items` is JSON, written and read whole. `fetched` is the number of the fetch that saw the rest.
      await sql`
        create table yuzuru_billing_subscriptions (
          id text primary key,
          reference text not null,
          customer_id text not null,
          status text not null,
          paused boolean not null,
          items text not null,
          created_at timestamptz not null,
          period_ends_at timestamptz,
          trial_ends_at timestamptz,
          ends_at timestamptz,
          since timestamptz not null,
          fetched bigint not null
        )`.execute(db)
      await sql`
        create index yuzuru_billing_subscriptions_reference
          on yuzuru_billing_subscriptions (reference)`.execute(db)
      await sql`create sequence yuzuru_billing_fetches`.execute(db)
      // A row is either a claim or an open page; `parameters` goes with the claim.
      await sql`
        create table yuzuru_billing_checkouts (
          reference text primary key check (length(reference) between 1 and 200),
          idempotency_key text not null,
          asked text not null,
          parameters text not null,
          started_at timestamptz not null,
          session_id text,
          url text,
          expires_at timestamptz,
          check (
            (session_id is null) = (url is null) and (session_id is null) = (expires_at is null)
          )
        )`.execute(db)
    },
    async down(db) {
      await sql`drop table yuzuru_billing_checkouts`.execute(db)
      await sql`drop sequence yuzuru_billing_fetches`.execute(db)
      await sql`drop table yuzuru_billing_subscriptions`.execute(db)
      await sql`drop table yuzuru_billing_accounts`.execute(db)
    },
  },
  yuzuru_billing_0003_choice: {
    async up(db) {
      // Whether a policy has chosen another subscription of the reference, and means to end this one.
      await sql`
        alter table yuzuru_billing_subscriptions
          add column passed_over boolean not null default false`.execute(db)
    },
    async down(db) {
      await sql`alter table yuzuru_billing_subscriptions drop column passed_over`.execute(db)
    },
  },
  yuzuru_billing_0004_version: {
    async up(db) {
      // Raised by each write of an account's subscriptions, so that one statement sees that another got in between.
      await sql`
        alter table yuzuru_billing_accounts
          add column version bigint not null default 0`.execute(db)
    },
    async down(db) {
      await sql`alter table yuzuru_billing_accounts drop column version`.execute(db)
    },
  },
}
