import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds what handlers with steps keep. A job without steps writes nothing to it. */
export const stepsMigration: Migration = {
  async up(db) {
    // One row for each step that has finished. Not for each that has begun: that would be a second write.
    // `wake_at`: of a sleep, when it is over.
    // `beside`: steps that were asked for before this one was written, and had not finished.
    await sql`
      create table yuzuru_job_steps (
        job_id uuid not null,
        name text collate "C" not null check (length(name) between 1 and 200),
        claim bigint not null,
        took_ms double precision not null,
        finished_at timestamptz not null default clock_timestamp(),
        result json,
        wake_at timestamptz,
        beside text[],
        primary key (job_id, name)
      ) with (autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
  },
  async down(db) {
    await sql`drop table yuzuru_job_steps`.execute(db)
  },
}
