import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The lengths of names and keys are checked before anything is sent, and not once more by the table: PostgreSQL
 * reads its checks anew for each statement, and these took a fifth of an INSERT. What a job may be at all is
 * still refused by the table: a stage, an attempt, or a worker that cannot be.
 */
export const lengthsMigration: Migration = {
  async up(db) {
    const { rows } = await sql<{ name: string }>`
      select conname as name from pg_constraint
      where conrelid = 'yuzuru_jobs'::regclass and contype = 'c'
        and (pg_get_constraintdef(oid) like '%length(%' or pg_get_constraintdef(oid) like '%(max_attempts >= 1)%')`.execute(
      db,
    )
    for (const { name } of rows) {
      await sql`alter table yuzuru_jobs drop constraint ${sql.ref(name)}`.execute(db)
    }
  },
}
