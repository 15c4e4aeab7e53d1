import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The tables of jobs check nothing any more: PostgreSQL reads each check of a table anew for each statement, and those
 * of the queue took a third of an INSERT. Nobody but our statements writes there; the tests have them run with the checks
 * that were (`test/possible-states.ts`).
 */
export const checksMigration: Migration = {
  async up(db) {
    for (const table of ['yuzuru_jobs', 'yuzuru_job_history']) {
      const { rows } = await sql<{ name: string }>`
        select conname as name from pg_constraint
        where conrelid = ${table}::text::regclass and contype = 'c'`.execute(db)
      for (const { name } of rows) {
        await sql`alter table ${sql.table(table)} drop constraint ${sql.ref(name)}`.execute(db)
      }
    }
  },
}
