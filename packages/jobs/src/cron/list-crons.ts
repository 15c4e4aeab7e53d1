import type { IoOptions } from '@yuzuru/concurrency'
import { expectInteger, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { millisecondsOf } from './cron-rows.ts'
import type { MissedTimes } from './define-cron.ts'
import { Schedule } from './schedule.ts'

/** A cron as it is written down. */
export interface CronRecord {
  readonly name: string
  /** The name of the kind of job that it enqueues. */
  readonly job: string
  readonly schedule: string
  readonly timeZone: string
  readonly missed: MissedTimes
  readonly lateMs: number
  /** Since when it has been paused, by the database's clock. */
  readonly pausedAt: Date | undefined
  /** The last of its times that has a job, and the id of that job; the job may be pruned. */
  readonly last: { readonly at: Date; readonly jobId: string } | undefined
  /**
   * When a worker last said that it has it, by the database's clock: not older than two minutes while one runs. A cron
   * that no worker has is not fired.
   */
  readonly seenAt: Date
  /** The times that come next, by the rules for the zone that this process has; none while it is paused. */
  readonly nextTimes: readonly Date[]
}

/** Options of {@link listCrons}. */
export interface ListCronsOptions extends IoOptions {
  /** How many of the next times to give: an integer from 0 to 100. @default 5 */
  readonly times?: number | undefined
}

interface Row {
  readonly name: string
  readonly job: string
  readonly schedule: string
  readonly zone: string
  readonly missed: MissedTimes
  readonly late: number
  readonly paused: number | null
  readonly last: number | null
  readonly lastJob: string | null
  readonly seen: number
  readonly after: number
}

/**
 * Lists the crons that workers have had, by name, also those that no worker has any more.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @throws {JobError | DbError} when the database fails
 * @example
 * for (const { name, nextTimes } of await listCrons(db)) console.log(name, nextTimes[0])
 */
export async function listCrons<DB>(
  db: Queryable<DB>,
  options: ListCronsOptions = {},
): Promise<CronRecord[]> {
  expectDatabase(db)
  expectOptions(options, ['times', ...IO_OPTIONS], 'listCrons')
  const { times = 5 } = options
  expectInteger('times', times, 0, 100)
  const rows = await execute(
    db,
    { operation: 'listCrons', effect: 'read' },
    sql<Row>`
      select name, job, schedule, time_zone as zone, missed, late_ms as late,
        ${millisecondsOf(sql`paused_at`)} as paused, ${millisecondsOf(sql`last_at`)} as last,
        last_job::text as "lastJob", ${millisecondsOf(sql`seen_at`)} as seen,
        ${millisecondsOf(sql`greatest(now(), done_until)`)} as after
      from yuzuru_job_crons order by name`,
    options,
  )
  return rows.map((row) => recordOf(row, times))
}

function recordOf(
  { zone, late, paused, last, lastJob, seen, after, ...row }: Row,
  times: number,
): CronRecord {
  return {
    ...row,
    timeZone: zone,
    lateMs: late,
    pausedAt: paused === null ? undefined : new Date(paused),
    last: last === null ? undefined : { at: new Date(last), jobId: lastJob as string },
    seenAt: new Date(seen),
    nextTimes: paused === null ? nextTimes(row.schedule, zone, after, times) : [],
  }
}

/** None where this process can't read what another has written down, for want of the zone, say. */
function nextTimes(schedule: string, zone: string, after: number, times: number): Date[] {
  try {
    return new Schedule(schedule, zone).times(new Date(after), times)
  } catch {
    return []
  }
}
