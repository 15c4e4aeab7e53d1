import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `tenant` of a job: whom it is for, where its kind has limits; empty for nobody in particular, null without limits.
 * - `stage` 4: held back by a limit. One that was let go is in stage 0 or 2 until it ends or waits for a later time, and
 *   so counts: what is let go is what the limits are about, be it taken already or not.
 * - `yuzuru_job_limits`: a row for each kind with limits. Whoever lets jobs of it go holds the row.
 * - `yuzuru_job_starts`: when jobs of a kind with a rate were let go, as long as that counts.
 */

/** Limits. New columns that are null rewrite no table. */
export const limitsMigration: Migration = {
  async up(db) {
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      await sql`alter table ${sql.table(table)} add column tenant text collate "C"`.execute(db)
    }
    await sql`
      alter table yuzuru_jobs
        drop constraint yuzuru_jobs_stage_check,
        add constraint yuzuru_jobs_stage_check check (stage between 0 and 4),
        add constraint yuzuru_jobs_held_check
          check (stage <> 4 or (tenant is not null and worker is null))`.execute(db)
    await sql`
      create index yuzuru_jobs_held on yuzuru_jobs (name, tenant, priority, run_at, seq)
        where stage = 4`.execute(db)
    await sql`
      create index yuzuru_jobs_let_go on yuzuru_jobs (name, tenant)
        where tenant is not null and stage in (0, 2)`.execute(db)
    await sql`
      create table yuzuru_job_limits (
        name text collate "C" primary key check (length(name) between 1 and 200),
        declared jsonb not null,
        changed jsonb,
        last_tenant text collate "C" not null default ''
      ) with (fillfactor = 50)`.execute(db)
    await sql`
      create table yuzuru_job_starts (
        name text collate "C" not null,
        tenant text collate "C" not null,
        key text collate "C",
        at timestamptz not null
      ) with (autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
    await sql`create index yuzuru_job_starts_at on yuzuru_job_starts (name, at)`.execute(db)
  },
}
