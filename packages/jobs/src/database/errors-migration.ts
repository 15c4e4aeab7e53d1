import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `errors`: what the last attempts failed with, each with its number and time. Null for nearly all.
 * - The index finds dead letters by their kind, and what was cancelled, without a look at what has completed.
 */

/** What each attempt failed with, and a way to what has failed for good. It reads the history once, for the index. */
export const errorsMigration: Migration = {
  async up(db) {
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      await sql`alter table ${sql.table(table)} add column errors jsonb`.execute(db)
    }
    await sql`
      create index yuzuru_job_history_kept on yuzuru_job_history (state, name, finished_at, id)
        where state <> 'completed'`.execute(db)
  },
}
