import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * What a worker says of itself with each heartbeat: what it serves, how much it runs, and what its handlers wait for. It
 * stands in the row that the heartbeat writes anyway. Null for a worker of an older version.
 */
export const reportsMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_job_workers add column report jsonb`.execute(db)
  },
  async down(db) {
    await sql`alter table yuzuru_job_workers drop column report`.execute(db)
  },
}
