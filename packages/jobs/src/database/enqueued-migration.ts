import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * A job is enqueued when its statement runs, and not when the transaction of that began: an event that was sent in
 * between is from before it. A new default rewrites no table.
 */
export const enqueuedMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_jobs alter column enqueued_at set default statement_timestamp()`.execute(
      db,
    )
  },
  async down(db) {
    await sql`alter table yuzuru_jobs alter column enqueued_at set default now()`.execute(db)
  },
}
