import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'

/** How wide a bar of the graph is, in seconds. */
export const BAR_SECONDS = 10

/** How many bars the graph has: ten minutes. */
export const BARS = 60

/** How many jobs are read of one bar, at the most. */
const MOST_IN_BAR = 2_000

/** How many jobs are read of the last minute, at the most. */
const MOST_IN_MINUTE = 10_000

/** What ended within one bar of the graph. */
export interface Bar {
  /** When it begins, in milliseconds since 1970, by the database's clock. */
  readonly at: number
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  /** Whether there were too many to count: they were counted from its beginning, for a part of it. */
  readonly isEstimate: boolean
  /** From when a job was due until it was begun, in milliseconds: half of them, and 95 of 100, took no longer. */
  readonly waited: readonly [number, number] | undefined
  /** From when it was begun the last time until it ended. */
  readonly took: readonly [number, number] | undefined
}

interface Row {
  readonly at: number
  readonly ended: number
  readonly failed: number
  readonly cancelled: number
  /** From the beginning of the bar to the last job that was read, in milliseconds. */
  readonly read: number | null
  readonly waited: string | null
  readonly took: string | null
}

/**
 * The last bars that are over, the oldest first, from the index of the history by time. However many jobs have ended, at
 * most {@link MOST_IN_BAR} of each bar are read.
 */
export async function loadBars(
  db: QueryExecutorProvider,
  bars: number,
  options: IoOptions,
): Promise<Bar[]> {
  const width = sql.lit(BAR_SECONDS)
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<Row>`
      with bar as (
        select to_timestamp((floor(date_part('epoch', now()) / ${width}) - n) * ${width}) as start
        from generate_series(1, ${bars}::integer) as n
      )
      select date_part('epoch', start) * 1000 as at, job.* from bar cross join lateral (
        select count(*)::float8 as ended, count(*) filter (where state = 'failed')::float8 as failed,
          count(*) filter (where state = 'cancelled')::float8 as cancelled,
          date_part('epoch', max(finished_at) - bar.start) * 1000 as read,
          to_json(percentile_cont(array[0.5, 0.95]) within group (
            order by greatest(date_part('epoch', started_at - run_at), 0) * 1000))::text as waited,
          to_json(percentile_cont(array[0.5, 0.95]) within group (
            order by date_part('epoch', finished_at - started_at) * 1000))::text as took
        from (
          select state, finished_at, started_at, run_at from yuzuru_job_history
          where finished_at >= bar.start and finished_at < bar.start + ${width} * interval '1 second'
          order by finished_at limit ${MOST_IN_BAR + 1}::integer
        ) as ended
      ) as job order by start`,
    options,
  )
  return rows.map((row) => barOf(row))
}

function barOf({ at, ended, failed, cancelled, read, waited, took }: Row): Bar {
  const isEstimate = ended > MOST_IN_BAR
  // All of what is read may have been written down at one moment.
  const factor = isEstimate ? (BAR_SECONDS * 1000) / Math.max(read ?? 0, 1_000) : 1
  const scaled = (count: number): number => Math.round(count * factor)
  return {
    at,
    completed: scaled(ended - failed - cancelled),
    failed: scaled(failed),
    cancelled: scaled(cancelled),
    isEstimate,
    waited: pairOf(waited),
    took: pairOf(took),
  }
}

function pairOf(text: string | null): readonly [number, number] | undefined {
  if (text === null) return undefined
  const [half, most] = JSON.parse(text) as readonly (number | null)[]
  return typeof half === 'number' && typeof most === 'number' ? [half, most] : undefined
}

/** How many jobs of one kind end in one queue, a minute. */
export interface LaneRate {
  readonly completed: number
  readonly failed: number
}

/** The key under which a kind in a queue is found. */
export const laneKey = (queue: string, name: string): string => `${queue}\0${name}`

/** How many ended within the last minute, by queue and kind; beyond a bound, at the rate of the last ones. */
export async function loadLaneRates(
  db: QueryExecutorProvider,
  options: IoOptions,
): Promise<ReadonlyMap<string, LaneRate>> {
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<{ queue: string; name: string; ended: number; failed: number; all: number; span: number }>`
      select queue, name, count(*)::float8 as ended, count(*) filter (where state = 'failed')::float8 as failed,
        sum(count(*)) over ()::float8 as all,
        date_part('epoch', now() - min(min(finished_at)) over ()) * 1000 as span
      from (
        select queue, name, state, finished_at from yuzuru_job_history
        where finished_at > now() - interval '1 minute' and state <> 'cancelled'
        order by finished_at desc limit ${MOST_IN_MINUTE + 1}::integer
      ) as job group by queue, name`,
    options,
  )
  return new Map(
    rows.map(({ queue, name, ended, failed, all, span }) => {
      const factor = all > MOST_IN_MINUTE ? 60_000 / Math.max(span, 1_000) : 1
      const rate = {
        completed: Math.round((ended - failed) * factor),
        failed: Math.round(failed * factor),
      }
      return [laneKey(queue, name), rate]
    }),
  )
}
