import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'

/** How many jobs are counted at the most: of a lane, of those for later, and of each state in which jobs end. */
export const MOST_COUNTED = 10_000

/** How many lanes are looked at; one more says that there are more. */
export const MOST_LANES = 200

/** How many jobs are counted in all lanes together. */
const MOST_IN_ALL = 100_000

/** What was counted in one lane. */
interface CountedLane {
  readonly queue: string
  readonly name: string
  readonly due: number
  readonly running: number
  /** For how long the oldest that is due has been due, in milliseconds; `null` where none is. */
  readonly oldest: number | null
}

/** How many jobs of a lane were met. */
export interface LaneJobs {
  readonly queue: string
  readonly name: string
  readonly jobs: number
}

/** A kind or a queue that is paused. */
interface PausedRow {
  /** `job NAME` or `queue NAME`. */
  readonly target: string
  /** In milliseconds since 1970, by the database's clock. */
  readonly at: number
}

/** What was counted, all at one moment. */
export interface Counted {
  readonly lanes: readonly CountedLane[]
  /** How many of a lane were counted at the most; one more says that there are more. */
  readonly most: number
  readonly later: readonly LaneJobs[]
  /** Those that wait for others of their group or key. */
  readonly behind: readonly LaneJobs[]
  /** Those that a limit holds back. */
  readonly limited: readonly LaneJobs[]
  readonly paused: readonly PausedRow[]
  /** Those that have a number of places. */
  readonly scaled: readonly { readonly target: string; readonly places: number }[]
  readonly failed: number
  readonly cancelled: number
  /** Of all states in which jobs end. */
  readonly ended: number
}

/**
 * Counts what there is, up to a bound of each: it reads parts of indexes, and the rows of the queue that they point at. In
 * one statement, so that a job which goes from one state to the next meanwhile is counted once.
 */
export async function countLanes(db: QueryExecutorProvider, options: IoOptions): Promise<Counted> {
  const [row] = await execute(
    db,
    { operation: 'jobStats', effect: 'read' },
    sql<Row>`
      with lane as materialized (
        ${lanesOf(0)} union ${lanesOf(2)} order by queue, name limit ${MOST_LANES + 1}::integer
      ), bound as materialized (
        select least(${MOST_COUNTED}::integer, ${MOST_IN_ALL}::integer / greatest(count(*), 1)::integer) as most
        from lane
      ), counted as (
        select queue, name, count(*) filter (where worker is null) as due, count(worker) as running
        from (${jobsOf(0)} union all ${jobsOf(2)}) as job group by queue, name
      ), later as (${firstOf(sql`stage = 1 order by run_at`)}
      ), behind as (${firstOf(sql`stage = 3`)}
      ), limited as (${firstOf(sql`stage = 4`)}
      )
      select bound.most,
        (select coalesce(jsonb_agg(jsonb_build_object('queue', queue, 'name', name,
            'due', coalesce(due, 0), 'running', coalesce(running, 0),
            'oldest', date_part('epoch', clock_timestamp()
              - least(${oldestOf(0)}, ${oldestOf(2)})) * 1000)), '[]')
          from lane left join counted using (queue, name))::text as "lanesText",
        (select coalesce(jsonb_agg(later), '[]') from later)::text as "laterText",
        (select coalesce(jsonb_agg(behind), '[]') from behind)::text as "behindText",
        (select coalesce(jsonb_agg(limited), '[]') from limited)::text as "limitedText",
        (select coalesce(jsonb_agg(jsonb_build_object('target', target,
            'at', date_part('epoch', paused_at) * 1000) order by target), '[]')
          from yuzuru_job_pauses where paused_at is not null)::text as "pausedText",
        (select coalesce(jsonb_agg(jsonb_build_object('target', target, 'places', places) order by target), '[]')
          from yuzuru_job_pauses where places is not null)::text as "scaledText",
        ${endedAs('failed')}::float8 as failed, ${endedAs('cancelled')}::float8 as cancelled,
        (select count(*) from (
          select from yuzuru_job_history order by finished_at limit ${3 * MOST_COUNTED + 1}::integer
        ) as job)::float8 as ended
      from bound`,
    options,
  )
  const { lanesText, laterText, behindText, limitedText, pausedText, scaledText, ...counted } =
    row as Row
  return {
    ...counted,
    lanes: JSON.parse(lanesText) as CountedLane[],
    later: JSON.parse(laterText) as Counted['later'],
    behind: JSON.parse(behindText) as Counted['behind'],
    limited: JSON.parse(limitedText) as Counted['limited'],
    paused: JSON.parse(pausedText) as Counted['paused'],
    scaled: JSON.parse(scaledText) as Counted['scaled'],
  }
}

interface Row extends Counted {
  readonly lanesText: string
  readonly laterText: string
  readonly behindText: string
  readonly limitedText: string
  readonly pausedText: string
  readonly scaledText: string
}

/** Of the first ones, how many stand in each lane. */
function firstOf(which: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select queue, name, count(*) as jobs from (
      select queue, name from yuzuru_jobs where ${which} limit ${MOST_COUNTED + 1}::integer
    ) as job group by queue, name`
}

/** The lanes, from one entry of the index to the first of the next. */
function lanesOf(stage: number): RawBuilder<unknown> {
  return sql`
    select queue, name from (
      with recursive next as (
        (select queue, name from yuzuru_jobs where stage = ${sql.lit(stage)} order by queue, name limit 1)
        union all
        select after.queue, after.name from next cross join lateral (
          select queue, name from yuzuru_jobs where stage = ${sql.lit(stage)}
            and (queue, name) > (next.queue, next.name) order by queue, name limit 1
        ) as after
      )
      select * from next limit ${MOST_LANES + 1}::integer
    ) as lanes`
}

/** When the oldest job that waits in a lane was due: from one priority to the next, a hundred at the most. */
function oldestOf(stage: number): RawBuilder<unknown> {
  const ofLane = sql`stage = ${sql.lit(stage)} and queue = lane.queue and name = lane.name`
  return sql`
    (with recursive next as (
      (select priority from yuzuru_jobs where ${ofLane} order by priority limit 1)
      union all
      select after.priority from next cross join lateral (
        select priority from yuzuru_jobs where ${ofLane} and priority > next.priority
        order by priority limit 1
      ) as after
    )
    select min(first.run_at) from (select priority from next limit 100) as next cross join lateral (
      select run_at from yuzuru_jobs where ${ofLane} and priority = next.priority and worker is null
      order by run_at, seq limit 1
    ) as first)`
}

function jobsOf(stage: number): RawBuilder<unknown> {
  return sql`
    select lane.queue, lane.name, job.worker from lane cross join lateral (
      select worker from yuzuru_jobs where stage = ${sql.lit(stage)}
        and queue = lane.queue and name = lane.name
      order by queue, name, priority, run_at, seq limit (select most + 1 from bound)
    ) as job`
}

function endedAs(state: string): RawBuilder<unknown> {
  return sql`(select count(*) from (
    select from yuzuru_job_history where state = ${sql.lit(state)} and state <> 'completed'
    limit ${MOST_COUNTED + 1}::integer) as job)`
}
