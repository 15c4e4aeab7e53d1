import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is paused: a row for each kind and each queue of which no job is taken, as `job NAME` or `queue NAME`. */
export const pausesMigration: Migration = {
  async up(db) {
    await sql`
      create table yuzuru_job_pauses (
        target text collate "C" primary key check (target ~ '^(job|queue) .'),
        paused_at timestamptz not null default now()
      )`.execute(db)
  },
  async down(db) {
    await sql`drop table yuzuru_job_pauses`.execute(db)
  },
}
