import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `stage` 3: behind another job of its group. At most one job of a group is in any other stage, which the index
 *   `yuzuru_jobs_open` keeps; the one of them that runs or waits for its time is the head of the group.
 * - `group_key`: `g:` and the group that was given, or `k:` and the key of a job that has followers and no group.
 * - `serial_key`: the key of a job that may have followers. At most one that is behind has it. (`unique_key` is that
 *   of a job that has none, and is unique.)
 *
 * Nothing that a claim changes stands in these indexes or their predicates, and a job without a group is in none.
 */

/** Groups, and keys whose jobs may follow each other. New columns that are null rewrite no table. */
export const groupsMigration: Migration = {
  async up(db) {
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      await sql`
        alter table ${sql.table(table)}
          add column group_key text collate "C",
          add column serial_key text collate "C" check (length(serial_key) between 1 and 500)`.execute(
        db,
      )
    }
    await sql`
      alter table yuzuru_jobs
        drop constraint yuzuru_jobs_stage_check,
        add constraint yuzuru_jobs_stage_check check (stage between 0 and 3),
        add constraint yuzuru_jobs_behind_check
          check (stage <> 3 or (group_key is not null and worker is null))`.execute(db)
    await sql`
      create unique index yuzuru_jobs_open on yuzuru_jobs (name, group_key)
        where group_key is not null and stage <> 3`.execute(db)
    await sql`
      create index yuzuru_jobs_behind on yuzuru_jobs (name, group_key, seq)
        where stage = 3`.execute(db)
    await sql`
      create unique index yuzuru_jobs_serial on yuzuru_jobs (name, serial_key)
        where serial_key is not null and stage = 3`.execute(db)
  },
}
