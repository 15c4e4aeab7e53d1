import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * - `waits` of a job that stands apart for later: it is due as soon as something comes that it waits for, and at
 *   `run_at` at the latest.
 * - `yuzuru_job_signals`: something has come that a job may wait for. Appended in the transaction in which it came,
 *   and worked off by the workers after the commit: so nothing that comes waits for a lock on a job, and the last
 *   of two that come at once is not missed by both. A signal says "look at that", and nothing else; one too many
 *   does no harm. A job that begins to wait leaves one for itself.
 * - `yuzuru_job_events`: what was sent, kept until `prune`.
 * - A step that waits for an event has `event` and `event_key`; `settled` once it has got one (`event_id`), or the
 *   time is over (`wake_at`).
 */

/** Jobs that wait for events. */
export const eventsMigration: Migration = {
  async up(db) {
    await sql`alter table yuzuru_jobs add column waits boolean`.execute(db)
    await sql`
      create table yuzuru_job_signals (
        id bigint primary key generated always as identity,
        job_id uuid,
        event_id bigint
      ) with (autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
    await sql`
      create table yuzuru_job_events (
        id bigint primary key generated always as identity,
        event text collate "C" not null check (length(event) between 1 and 200),
        key text collate "C" not null check (length(key) between 1 and 500),
        payload json not null,
        sent_at timestamptz not null default clock_timestamp()
      )`.execute(db)
    await sql`create index yuzuru_job_events_key on yuzuru_job_events (event, key, id)`.execute(db)
    await sql`create index yuzuru_job_events_sent on yuzuru_job_events (sent_at)`.execute(db)
    await sql`
      alter table yuzuru_job_steps
        add column event text collate "C", add column event_key text collate "C",
        add column event_id bigint, add column settled boolean`.execute(db)
    await sql`
      create index yuzuru_job_steps_waiting on yuzuru_job_steps (event, event_key)
        where event is not null and settled is null`.execute(db)
    // An event is delivered to a job once.
    await sql`
      create unique index yuzuru_job_steps_event on yuzuru_job_steps (job_id, event_id)
        where event_id is not null`.execute(db)
  },
}
