import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * `put_off` of a job for later: the rate of its key has put it off, and nobody else. When the limits change it is looked at
 * anew; the index leads to those alone. A new column that is null rewrites no table.
 */
export const putOffMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_jobs add column put_off boolean`.execute(db)
    await sql`create index yuzuru_jobs_put_off on yuzuru_jobs (name) where put_off`.execute(db)
  },
  async down(db) {
    await sql`alter table yuzuru_jobs drop column put_off`.execute(db)
  },
}
