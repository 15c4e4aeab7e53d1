import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is known of a job at its enqueueing. A new column with a constant default rewrites no table. */
export const keysMigration: Migration = {
  async up(db) {
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      // `version`: of the payload.
      await sql`
        alter table ${sql.table(table)} add column version smallint not null default 1`.execute(db)
    }
  },
}
