import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { cancelsMigration } from './cancels-migration.ts'
import { checksMigration } from './checks-migration.ts'
import { childrenMigration } from './children-migration.ts'
import { cronMigration } from './cron-migration.ts'
import { errorsMigration } from './errors-migration.ts'
import { engineMigration } from './engine-migration.ts'
import { enqueuedMigration } from './enqueued-migration.ts'
import { eventsMigration } from './events-migration.ts'
import { groupsMigration } from './groups-migration.ts'
import { keysMigration } from './keys-migration.ts'
import { lengthsMigration } from './lengths-migration.ts'
import { limitsMigration } from './limits-migration.ts'
import { pausesMigration } from './pauses-migration.ts'
import { placesMigration } from './places-migration.ts'
import { putOffMigration } from './put-off-migration.ts'
import { resultsMigration } from './results-migration.ts'
import { reportsMigration } from './reports-migration.ts'
import { stepsMigration } from './steps-migration.ts'
import { tagsMigration } from './tags-migration.ts'
import { vacuumMigration } from './vacuum-migration.ts'

/**
 * The queue's tables, for `migrate` of `@yuzuru/db` or Kysely's own `Migrator`. Never edited once
 * released: later changes are later keys. PostgreSQL 14 and up.
 *
 * @example
 * await migrate(db, { ...jobsMigrations, ...appMigrations })
 */
export const jobsMigrations: Record<string, Migration> = {
  yuzuru_jobs_0001_init: {
    async up(db) {
      // The payload is `json`, not `jsonb`: it keeps every text, also U+0000 in a string.
      // The fill factor leaves room for heartbeats to stay on their page, so none touches an index.
      await sql`
        create table yuzuru_jobs (
          id uuid primary key,
          seq bigint not null generated always as identity,
          name text not null check (length(name) between 1 and 200),
          queue text not null check (length(queue) between 1 and 200),
          state text not null default 'waiting'
            check (state in ('waiting', 'running', 'completed', 'failed', 'cancelled')),
          payload json not null,
          priority integer not null,
          unique_key text check (length(unique_key) between 1 and 500),
          attempt integer not null default 0,
          max_attempts integer not null check (max_attempts >= 1),
          run_at timestamptz not null,
          enqueued_at timestamptz not null default now(),
          started_at timestamptz,
          finished_at timestamptz,
          claim_id uuid,
          lease_until timestamptz,
          worker text,
          cancel_requested boolean not null default false,
          last_error json,
          check (attempt between 0 and max_attempts),
          check ((state = 'running') = (lease_until is not null)),
          check (state <> 'running' or claim_id is not null),
          check ((state in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
        ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
      await sql`
        create index yuzuru_jobs_waiting on yuzuru_jobs (queue, priority, run_at, seq)
          where state = 'waiting'`.execute(db)
      await sql`
        create index yuzuru_jobs_running on yuzuru_jobs (queue) where state = 'running'`.execute(db)
      await sql`
        create index yuzuru_jobs_finished on yuzuru_jobs (state, finished_at)
          where state in ('completed', 'failed', 'cancelled')`.execute(db)
      await sql`
        create unique index yuzuru_jobs_unique on yuzuru_jobs (name, unique_key)
          where unique_key is not null and state in ('waiting', 'running')`.execute(db)
    },
    async down(db) {
      await sql`drop table yuzuru_jobs`.execute(db)
    },
  },
  yuzuru_jobs_0002_leases: {
    async up(db) {
      // The leases of jobs whose row the transaction of their own handler has locked. Few, and short-lived.
      await sql`
        create table yuzuru_job_leases (
          claim_id uuid primary key,
          lease_until timestamptz not null
        )`.execute(db)
    },
    async down(db) {
      await sql`drop table yuzuru_job_leases`.execute(db)
    },
  },
  yuzuru_jobs_0003_engine: engineMigration,
  yuzuru_jobs_0004_keys: keysMigration,
  yuzuru_jobs_0005_steps: stepsMigration,
  yuzuru_jobs_0006_cron: cronMigration,
  yuzuru_jobs_0007_errors: errorsMigration,
  yuzuru_jobs_0008_groups: groupsMigration,
  yuzuru_jobs_0009_tags: tagsMigration,
  yuzuru_jobs_0010_limits: limitsMigration,
  yuzuru_jobs_0012_results: resultsMigration,
  yuzuru_jobs_0013_events: eventsMigration,
  yuzuru_jobs_0014_children: childrenMigration,
  yuzuru_jobs_0016_reports: reportsMigration,
  yuzuru_jobs_0017_pauses: pausesMigration,
  yuzuru_jobs_0018_lengths: lengthsMigration,
  yuzuru_jobs_0019_cancels: cancelsMigration,
  yuzuru_jobs_0020_put_off: putOffMigration,
  yuzuru_jobs_0021_checks: checksMigration,
  yuzuru_jobs_0022_enqueued: enqueuedMigration,
  yuzuru_jobs_0023_places: placesMigration,
  yuzuru_jobs_0024_vacuum: vacuumMigration,
}
