import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/*
 * What was one table becomes three:
 *
 * - `yuzuru_jobs`: what is unfinished, and nothing else. What a claim changes (`worker`, `claim`, `attempt`,
 *   `started_at`) stands in no index and no index's predicate, so that the update stays on its page (HOT);
 *   the fill factor leaves each row room for that one update. `stage` keeps apart what is not to be taken in
 *   the ordinary way, each kind of it in an index of its own.
 * - `yuzuru_job_history`: what is finished, appended to. It is the old table under a new name, so that what
 *   had finished is not copied.
 * - `yuzuru_job_workers`: a row for each worker that lives. It holds the lease of all the jobs of that worker.
 *
 * Names are compared by their bytes (`collate "C"`): a locale's order would cost a claim more than the rest.
 */

/** Splits the table. What is unfinished is copied; what had finished gets an index by its time. */
export const engineMigration: Migration = {
  async up(db) {
    await sql`drop index yuzuru_jobs_waiting, yuzuru_jobs_running, yuzuru_jobs_unique`.execute(db)
    await sql`alter table yuzuru_jobs rename to yuzuru_job_history`.execute(db)
    await sql`alter index yuzuru_jobs_pkey rename to yuzuru_job_history_pkey`.execute(db)
    // By time alone: to compare states, by the locale's order, took a third of what a settlement costs.
    await sql`drop index yuzuru_jobs_finished`.execute(db)
    await sql`alter table yuzuru_job_history alter column seq drop identity`.execute(db)
    await sql`alter table yuzuru_job_history add column claim bigint not null default 0`.execute(db)
    await makeWorkers(db)
    await makeJobs(db)
    await moveUnfinished(db)
    await sql`
      alter table yuzuru_job_history
        drop column claim_id, drop column lease_until, drop column cancel_requested, drop column worker,
        drop column seq,
        add check (state in ('completed', 'failed', 'cancelled')),
        set (fillfactor = 100)`.execute(db)
    await sql`create index yuzuru_job_history_finished on yuzuru_job_history (finished_at)`.execute(
      db,
    )
    await sql`drop table yuzuru_job_leases`.execute(db)
  },
}

type Db = Parameters<Migration['up']>[0]

async function makeWorkers(db: Db): Promise<void> {
  // `cancels`: jobs of this worker that `cancelJob` asked to end. It hears of them when it extends its lease.
  await sql`
    create table yuzuru_job_workers (
      id bigint primary key generated always as identity,
      name text not null,
      lease_until timestamptz not null,
      lease_ms integer not null,
      started_at timestamptz not null default now(),
      cancels uuid[] not null default '{}'
    ) with (fillfactor = 50)`.execute(db)
}

async function makeJobs(db: Db): Promise<void> {
  // `stage`: 0 for what is due or runs, 1 for what is for later, 2 for what ran when a worker vanished and is
  // therefore tried one at a time. `claim` only grows. `returns` counts attempts that were given back.
  await sql`
    create table yuzuru_jobs (
      id uuid primary key,
      seq bigint not null generated always as identity,
      claim bigint not null default 0,
      worker bigint,
      run_at timestamptz not null,
      enqueued_at timestamptz not null default now(),
      started_at timestamptz,
      priority integer not null,
      attempt integer not null default 0,
      max_attempts integer not null check (max_attempts >= 1),
      crashes integer not null default 0,
      returns integer not null default 0,
      stage smallint not null default 0 check (stage in (0, 1, 2)),
      cancel_requested boolean not null default false,
      name text collate "C" not null check (length(name) between 1 and 200),
      queue text collate "C" not null check (length(queue) between 1 and 200),
      unique_key text collate "C" check (length(unique_key) between 1 and 500),
      payload json not null,
      last_error json,
      check (attempt between 0 and max_attempts),
      check (worker is null or claim > 0),
      check (worker is null or stage <> 1)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)`.execute(db)
  await sql`
    create index yuzuru_jobs_due on yuzuru_jobs (queue, name, priority, run_at, seq)
      where stage = 0`.execute(db)
  await sql`create index yuzuru_jobs_later on yuzuru_jobs (run_at) where stage = 1`.execute(db)
  await sql`
    create index yuzuru_jobs_suspect on yuzuru_jobs (queue, name, priority, run_at, seq)
      where stage = 2`.execute(db)
  await sql`
    create unique index yuzuru_jobs_unique on yuzuru_jobs (name, unique_key)
      where unique_key is not null`.execute(db)
}

async function moveUnfinished(db: Db): Promise<void> {
  // What runs under the old program keeps its lease, as that of one worker for all of it.
  await sql`
    insert into yuzuru_job_workers (name, lease_until, lease_ms)
    select 'before 0003', max(lease_until), 0 from yuzuru_job_history where state = 'running'
    having count(*) > 0`.execute(db)
  await sql`
    with moved as (
      delete from yuzuru_job_history where state in ('waiting', 'running') returning *
    )
    insert into yuzuru_jobs (id, claim, worker, run_at, enqueued_at, started_at, priority, attempt,
      max_attempts, stage, cancel_requested, name, queue, unique_key, payload, last_error)
    select id, case when claim_id is null then 0 else 1 end,
      case when state = 'running' then (select id from yuzuru_job_workers) end,
      run_at, enqueued_at, started_at, priority,
      -- One that waits has an attempt left.
      case when state = 'running' then attempt else least(attempt, max_attempts - 1) end, max_attempts,
      case when state = 'waiting' and run_at > now() then 1 else 0 end,
      cancel_requested, name, queue, unique_key, payload, last_error
    from moved order by seq`.execute(db)
}
