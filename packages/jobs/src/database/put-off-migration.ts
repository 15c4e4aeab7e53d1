import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * `put_off` of a job for later: the rate of its key has put it off, and nobody else. When the limits change it is looked at
 * anew, among all that is for later: an index of its own would cost each claim a page to plan. A new column that is null
 * rewrites no table.
 */
export const putOffMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_jobs add column put_off boolean`.execute(db)
  },
  async down(db) {
    await sql`alter table yuzuru_jobs drop column put_off`.execute(db)
  },
}
