import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Those that change with each job, as of this migration: it is never edited, where the list of `engine/vacuum.ts` may grow. */
const TABLES = [
  'yuzuru_jobs',
  'yuzuru_job_steps',
  'yuzuru_job_links',
  'yuzuru_job_tags',
  'yuzuru_job_progress',
  'yuzuru_job_places',
  'yuzuru_job_starts',
  'yuzuru_job_signals',
] as const

/**
 * Autovacuum does not hold back for the sake of others in the tables that change with each job: they would outgrow it. One
 * that takes minutes also keeps a worker from its own vacuum, which passes over a table that is being vacuumed. The same goes
 * for where long payloads are kept (TOAST), which is vacuumed by itself.
 */
export const vacuumMigration: Migration = {
  async up(db) {
    for (const table of TABLES) {
      await sql`alter table ${sql.table(table)}
        set (autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_cost_delay = 0)`.execute(db)
    }
  },
  async down(db) {
    for (const table of TABLES) {
      await sql`alter table ${sql.table(table)}
        reset (autovacuum_vacuum_cost_delay, toast.autovacuum_vacuum_cost_delay)`.execute(db)
    }
  },
}
