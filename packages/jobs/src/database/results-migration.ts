import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `result` of what has completed: what its handler returned. Null for nearly all.
 * - `watched` of a job, by bits, null for none: 1, a process waits for its end (`waitFor`). Set while it is in
 *   the queue, and carried into the history, where the trigger reads it: so a job that nobody waits for
 *   notifies nobody, and whatever ends a job need not know of it.
 * - `yuzuru_job_progress`: what handlers last said of their progress. Apart from the queue, whose rows must stay
 *   small and change as seldom as they can.
 */

/** Results, progress, and who waits for a job's end. New columns without a default rewrite no table. */
export const resultsMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_jobs add column watched smallint`.execute(db)
    await sql`
      alter table yuzuru_job_history add column watched smallint, add column result json`.execute(
      db,
    )
    await sql`
      create table yuzuru_job_progress (
        job_id uuid primary key,
        claim bigint not null,
        value json not null,
        at timestamptz not null default clock_timestamp()
      ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
    await sql`
      create function yuzuru_job_ended() returns trigger language plpgsql as $$
      begin
        if new.watched & 1 <> 0 then
          perform pg_notify('yuzuru_job_ended', new.id::text);
        end if;
        return null;
      end $$`.execute(db)
    await sql`
      create trigger yuzuru_job_ended after insert on yuzuru_job_history
        for each row when (new.watched is not null) execute function yuzuru_job_ended()`.execute(db)
  },
}
