import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `yuzuru_job_crons`: a row for each cron that a worker was ever given, until `deleteCron`. `done_until` is the
 *   moment up to which every time has been dealt with, `next_at` the first time after it. Whoever fires holds the
 *   row and moves both in the transaction that enqueues the jobs: that is why each time comes once.
 * - `origin` of a job: what made it, where that was no plain `enqueue`. Null costs a row nothing.
 */

/** Crons, and the jobs that say which cron they come from. */
export const cronMigration: Migration = {
  async up(db) {
    await sql`
      create table yuzuru_job_crons (
        name text collate "C" primary key check (length(name) between 1 and 200),
        job text collate "C" not null,
        schedule text not null,
        time_zone text not null,
        missed text not null check (missed in ('skip', 'once', 'all')),
        late_ms float8 not null,
        done_until timestamptz not null,
        next_at timestamptz,
        last_at timestamptz,
        last_job uuid,
        paused_at timestamptz,
        seen_at timestamptz not null default now()
      ) with (fillfactor = 50)`.execute(db)
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      await sql`alter table ${sql.table(table)} add column origin json`.execute(db)
    }
  },
}
