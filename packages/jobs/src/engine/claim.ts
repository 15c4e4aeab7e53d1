import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { isOpen } from '../database/not-paused.ts'
import { ATTEMPTS } from '../job/attempts.ts'
import type { Bounds, Lane, LanePlace } from './lane.ts'
import type { ClaimedJob } from './lease.ts'

/** What a worker takes. */
export interface ClaimRequest {
  readonly bounds: Bounds
  readonly limit: number
  /** The number of the worker's row. Without a lease that holds it takes nothing. */
  readonly worker: string
  /** What has a number of places, of which this takes some: who asks for it holds the rows. @default none */
  readonly through?: readonly string[] | undefined
}

/** A job that was taken. What is as it is for most is null: to write and read a value costs more than the claim of it. */
export interface Row {
  readonly id: string
  /** Null for the first. */
  readonly claim: number | null
  /** Null where the lane is known. */
  readonly name: string | null
  readonly queue: string | null
  /** In milliseconds since 1970, as the next two are. */
  readonly due: number
  /** Null for when it was due. */
  readonly enqueued: number | null
  /** Only of the last one of a lane. */
  readonly now: number | null
  readonly payload: string
  /** Null for the first, as of `attempt`. */
  readonly version: number | null
  readonly attempt: number | null
  /** Null for {@link ATTEMPTS}. */
  readonly allowed: number | null
  /** Null for none. */
  readonly returns: number | null
  readonly origin: string | null
  /** The place of the last one of a lane. */
  readonly bound: string | null
  /** Null for not. */
  readonly passed: true | null
}

/** What a look took. */
export interface Taken {
  readonly jobs: readonly ClaimedJob[]
  /** Whether it took less than it might have as others have rows locked: the end of a lock tells nobody. */
  readonly passedOver: boolean
}

/**
 * Takes up to `limit` jobs that are due, in one statement, in the order of priority, time and enqueueing. Rows
 * that another transaction has locked are passed over, not waited for. It moves the bounds.
 *
 * The worker's own row is locked against its removal until this is committed: what is taken belongs to a
 * worker that can be recovered.
 */
export async function claim(
  db: QueryExecutorProvider,
  request: ClaimRequest,
  options: IoOptions,
): Promise<Taken> {
  const { bounds } = request
  const look = bounds.lanes.length === 1 ? oneLane(request) : lanes(request)
  const { rows, passedOver } = await take(db, request, look, options)
  for (const { bound } of rows) {
    if (bound === null) continue
    const [queue, name, priority, runAt, seq] = JSON.parse(bound) as BoundOf
    bounds.move(queue, name, { priority, runAt, seq })
  }
  return { jobs: jobsOf(rows, look.lane), passedOver }
}

/**
 * Takes one job that ran when its worker vanished. Such a job may be what made it vanish; run one at a time,
 * it is the only one to have an attempt counted when that happens again.
 */
export async function claimSuspect(
  db: QueryExecutorProvider,
  { bounds, worker, through }: Omit<ClaimRequest, 'limit'>,
  options: IoOptions,
): Promise<Taken> {
  const suspects = sql`from yuzuru_jobs
    where stage = 2 and worker is null and queue = lane.queue and name = lane.name`
  const due = sql`
    select job.place from ${laneSet(bounds, through)} cross join lateral (
      select ctid as place, priority, run_at, seq ${suspects}
      order by priority, run_at, seq limit 1 for update skip locked
    ) as job order by job.priority, job.run_at, job.seq limit 1`
  const seen = sql`select from ${laneSet(bounds, through)} cross join lateral (select ${suspects} limit 1) as job`
  const { rows, passedOver } = await take(db, { worker, limit: 1, through }, { due, seen }, options)
  return { jobs: jobsOf(rows), passedOver }
}

/** How a statement finds what it takes. */
export interface Look {
  /** Locks what is free, and gives the places of the rows. */
  readonly due: RawBuilder<unknown>
  /** The same rows and those that are not free, as many as may be taken at least; `undefined` not to ask. */
  readonly seen: RawBuilder<unknown> | undefined
  /** Of which lane they all are, where it is one. */
  readonly lane?: Lane
}

/** The usual case, in its simplest form: each job that is locked is taken. */
function oneLane({ bounds, limit, through }: ClaimRequest): Look {
  const [{ queue, name, priority, run_at: runAt, seq }] = bounds.places() as [LanePlace]
  const waiting = sql`from yuzuru_jobs
    where stage = 0 and worker is null and queue = ${queue}::text and name = ${name}::text
      and (priority, run_at, seq) >
        (${priority}::integer, ${runAt}::timestamptz, ${seq}::bigint)
      and ${isOpen(sql`${queue}::text`, sql`${name}::text`, through)}
    order by priority, run_at, seq`
  const due = sql`select ctid as place ${waiting} limit ${limit}::integer for update skip locked`
  return { due, seen: sql`select ${waiting}`, lane: { queue, name } }
}

/**
 * First looks how many jobs of each lane are among the first, locking none, and then locks so many of each.
 * To lock `limit` jobs of every lane would lock most of them for nothing.
 */
function lanes({ bounds, limit, through }: ClaimRequest): Look {
  const due = sql`
    select job.place from (
      select queue, name, priority, run_at, seq, count(*) as jobs from (
        select lane.* from ${laneSet(bounds, through)} cross join lateral (
          select priority, run_at, seq ${fromLane()} limit ${limit}::integer
        ) as head order by head.priority, head.run_at, head.seq limit ${limit}::integer
      ) as first group by queue, name, priority, run_at, seq
    ) as lane cross join lateral (
      select ctid as place ${fromLane()} limit lane.jobs for update skip locked
    ) as job`
  const seen = sql`select from ${laneSet(bounds, through)}
    cross join lateral (select ${fromLane()} limit ${limit}::integer) as job`
  return { due, seen }
}

/** The lanes from which jobs may be taken: those that are paused are left out. */
export function laneSet(bounds: Bounds, through: readonly string[] = []): RawBuilder<unknown> {
  return sql`(
    select lane.* from jsonb_to_recordset(${JSON.stringify(bounds.places())}::jsonb) as lane (queue text collate "C",
      name text collate "C", priority integer, run_at timestamptz, seq bigint)
    where ${isOpen(sql`lane.queue`, sql`lane.name`, through)}
  ) as lane`
}

/** One range of the index `yuzuru_jobs_due`, in its order. */
function fromLane(): RawBuilder<unknown> {
  return sql`from yuzuru_jobs
    where stage = 0 and worker is null and queue = lane.queue and name = lane.name
      and (priority, run_at, seq) > (lane.priority, lane.run_at, lane.seq)
    order by priority, run_at, seq`
}

/** Takes the rows at the places that `due` gives. They are locked: no other row can be there meanwhile. */
export async function take(
  db: QueryExecutorProvider,
  { worker, limit, through = [] }: Pick<ClaimRequest, 'worker' | 'limit' | 'through'>,
  { due, seen, lane }: Look,
  options: IoOptions,
): Promise<{ readonly rows: readonly Row[]; readonly passedOver: boolean }> {
  // What it took is still there for this statement: beyond as many there is what it passed over.
  const passed =
    seen === undefined
      ? sql`false`
      : sql`jobs < ${limit}::integer and exists (${seen} offset (select jobs from counted))`
  const placed =
    through.length === 0
      ? sql``
      : sql`, placed as (insert into yuzuru_job_places as place (job_id, claim, name, queue)
        select id, claim, name, queue from taken
        on conflict (job_id) do update set claim = excluded.claim)`
  const rows = await execute(
    db,
    { operation: 'claim', effect: 'write' },
    sql<Row | { readonly id: null; readonly passed: true | null }>`
      with me as materialized (
        select id from yuzuru_job_workers where id = ${worker}::bigint and lease_until > now()
        for key share
      ), due as materialized (${due}), taken as (
        update yuzuru_jobs as job set worker = me.id, claim = job.claim + 1, started_at = now(),
          attempt = least(job.attempt + 1, job.max_attempts)
        from me where job.ctid = any (array(select place from due))
        returning job.id, job.claim, job.queue, job.name, job.payload, job.version, job.attempt, job.max_attempts,
          job.returns, job.enqueued_at, job.priority, job.run_at, job.seq, job.origin
      ), counted as materialized (select count(*) as jobs from taken)${placed}
      select id::text as id, nullif(claim::float8, 1) as claim,
        ${lane === undefined ? sql`name, queue` : sql`null as name, null as queue`},
        date_part('epoch', run_at) * 1000 as due,
        case when enqueued_at <> run_at then date_part('epoch', enqueued_at) * 1000 end as enqueued,
        payload::text as payload, nullif(version, 1) as version, nullif(attempt, 1) as attempt,
        nullif(max_attempts, ${ATTEMPTS}::integer) as allowed, nullif(returns, 0) as returns,
        origin::text as origin,
        case when lead(false) over lane is null then date_part('epoch', now()) * 1000 end as now,
        case when lead(false) over lane is null
          then jsonb_build_array(queue, name, priority, run_at, seq::text)::text end as bound,
        nullif(${passed}, false) as passed
      from counted left join taken on true
      window lane as (${lane === undefined ? sql`partition by queue, name` : sql``} order by priority, run_at, seq)
      order by priority, run_at, seq`,
    options,
  )
  return {
    rows: rows.filter((row): row is Row => row.id !== null),
    passedOver: rows[0]?.passed === true,
  }
}

type BoundOf = [queue: string, name: string, priority: number, runAt: string, seq: string]

/** @param lane that of all of them, where the rows do not say it */
export function jobsOf(rows: readonly Row[], lane?: Lane): ClaimedJob[] {
  const offset = performance.now() - (rows.at(-1)?.now ?? 0)
  return rows.map((row) => ({
    id: row.id,
    claim: row.claim ?? 1,
    name: row.name ?? lane?.name ?? '',
    queue: row.queue ?? lane?.queue ?? '',
    dueAt: row.due + offset,
    payload: row.payload,
    version: row.version ?? 1,
    attempt: row.attempt ?? 1,
    attempts: row.allowed ?? ATTEMPTS,
    returns: row.returns ?? 0,
    enqueuedAt: row.enqueued ?? row.due,
    origin: row.origin,
  }))
}
