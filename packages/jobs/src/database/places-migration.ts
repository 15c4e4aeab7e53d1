import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * - `places` of a row of `yuzuru_job_pauses`: how many jobs of the kind or queue may be taken at once. Claims pass such a row
 *   by as they do a pause; what it lets through is taken by a look that holds the row. `paused_at` is null where it is
 *   not paused.
 * - `counted`: whether what was taken before the row was there counts.
 * - `yuzuru_job_places`: what was taken of such kinds and queues. A row counts as long as the job is taken by that claim.
 *
 * Nothing of it stands in `yuzuru_jobs`: a column or an index more would cost each claim.
 */
export const placesMigration: Migration = {
  async up(db) {
    await sql`
      alter table yuzuru_job_pauses
        alter column paused_at drop not null,
        add column places integer check (places between 1 and 100000),
        add column counted boolean not null default false,
        add check (paused_at is not null or places is not null)`.execute(db)
    await sql`
      create table yuzuru_job_places (
        job_id uuid primary key,
        claim bigint not null,
        name text collate "C" not null,
        queue text collate "C" not null
      ) with (autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
  },
  async down(db) {
    await sql`drop table yuzuru_job_places`.execute(db)
    await sql`delete from yuzuru_job_pauses where paused_at is null`.execute(db)
    await sql`
      alter table yuzuru_job_pauses drop column places, drop column counted,
        alter column paused_at set not null`.execute(db)
  },
}
