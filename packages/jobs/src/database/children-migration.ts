import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - A step that runs a child job has `child`; `owns_child` where it made that job, and did not find one with the same
 *   key; `child_ended`, how that ended, once it is known.
 * - `yuzuru_job_links`: a job that waits for others to end before it first runs, and what becomes of it when one of
 *   them does not complete.
 * - `watched` of a job, by bits: 2, another job waits for its end; 4, it has children, which end with its cancel.
 * - A signal with `cancels` says that the children of that job are to be cancelled.
 */

/** Jobs that wait for other jobs. */
export const childrenMigration: Migration = {
  async up(db) {
    await sql`
      alter table yuzuru_job_steps add column child uuid, add column owns_child boolean,
        add column child_ended text`.execute(db)
    await sql`
      create index yuzuru_job_steps_child on yuzuru_job_steps (child) where child is not null`.execute(
      db,
    )
    await sql`alter table yuzuru_job_signals add column cancels boolean`.execute(db)
    await sql`
      create table yuzuru_job_links (
        job_id uuid not null,
        after_id uuid not null,
        name text collate "C" not null,
        place integer not null,
        on_failure text not null check (on_failure in ('fail', 'ignore')),
        primary key (job_id, after_id)
      )`.execute(db)
    await sql`create index yuzuru_job_links_after on yuzuru_job_links (after_id)`.execute(db)
    await sql`
      create or replace function yuzuru_job_ended() returns trigger language plpgsql as $$
      begin
        if new.watched & 1 <> 0 then
          perform pg_notify('yuzuru_job_ended', new.id::text);
        end if;
        if new.watched & 2 <> 0 then
          insert into yuzuru_job_signals (job_id)
            select job_id from yuzuru_job_steps where child = new.id
            union select job_id from yuzuru_job_links where after_id = new.id;
          perform pg_notify('yuzuru_jobs', 'signals');
        end if;
        if new.watched & 4 <> 0 and new.state = 'cancelled' then
          insert into yuzuru_job_signals (job_id, cancels) values (new.id, true);
          perform pg_notify('yuzuru_jobs', 'signals');
        end if;
        return null;
      end $$`.execute(db)
  },
}
