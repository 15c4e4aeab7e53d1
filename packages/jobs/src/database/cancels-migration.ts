import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * A worker finds the jobs that are to be cancelled by their own rows, at each heartbeat: this index has those alone. Before, who
 * asked for it wrote to the worker's row as well, and a transaction that went on held up the heartbeat, and with it the lease of
 * all that the worker ran. Its column `cancels` stays, for workers of an older version that run beside newer ones.
 */
export const cancelsMigration: Migration = {
  async up(db) {
    await sql`create index yuzuru_jobs_to_cancel on yuzuru_jobs (id) where cancel_requested`.execute(
      db,
    )
  },
  async down(db) {
    await sql`drop index yuzuru_jobs_to_cancel`.execute(db)
  },
}
