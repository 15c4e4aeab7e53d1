import { expected, expectMilliseconds, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import { isPromise } from '../job/payload-schema.ts'
import { rowOf } from '../queue/enqueue.ts'
import { expectSchedule } from './schedule.ts'

/**
 * What becomes of times that are missed, because no worker with the cron was running.
 *
 * - `'skip'`: nothing.
 * - `'once'`: one job, for the last of them; none where a time that is not missed has come since.
 * - `'all'`: a job for each, the oldest first, however many there are.
 */
export type MissedTimes = 'skip' | 'once' | 'all'

/** What {@link defineCron} takes. */
export interface CronOptions<Input> {
  /** What the database knows it by: 1 to 200 characters. Changing it makes another cron. */
  readonly name: string
  /** The kind of job that is enqueued at each of its times, with that kind's queue, priority and attempts. */
  readonly job: Job<Input, unknown>
  /** The payload of each job, or a function that makes it for a time of the schedule. */
  readonly payload: NoInfer<Input | ((at: Date) => Input)>
  /**
   * A cron expression of five fields: minute, hour, day of the month, month, day of the week; of six with the second
   * first. Lists, ranges, steps and names of months and days are read, also `L`, `W`, `#`, and `@hourly`, `@daily`,
   * `@weekly`, `@monthly`, `@yearly`. Where both days are restricted, either will do (POSIX, `crontab`).
   */
  readonly schedule: string
  /** The time zone by whose clock the schedule is read, by its IANA name. @default 'UTC' */
  readonly timeZone?: string | undefined
  /** What becomes of missed times. @default 'skip' */
  readonly missed?: MissedTimes | undefined
  /**
   * How late a time may be enqueued without counting as missed, in milliseconds from 0 up to a day: as long as a
   * restart takes, say. @default 60_000
   */
  readonly lateMs?: number | undefined
}

const CRON_OPTIONS = Object.keys({
  name: true,
  job: true,
  payload: true,
  schedule: true,
  timeZone: true,
  missed: true,
  lateMs: true,
} satisfies Record<keyof CronOptions<unknown>, true>)

/** A job that is enqueued at the times of a schedule. Made by {@link defineCron}, for workers. */
export interface Cron {
  readonly name: string
  readonly job: Job
  readonly schedule: string
  readonly timeZone: string
  readonly missed: MissedTimes
  readonly lateMs: number
  /** The payload of the job for a time. */
  payloadAt(at: Date): unknown
}

const MISSED: readonly MissedTimes[] = ['skip', 'once', 'all']
const DAY_MS = 86_400_000

/**
 * Defines a cron: a job that is enqueued at the times of a schedule. Give it to workers (`crons` of
 * `createWorker`): any number of them may have it, and each of its times is enqueued once. The database's clock
 * decides when a time has come. It begins when a worker first writes it down; nothing before that is made up for.
 *
 * Where the clock of the zone jumps, a schedule at fixed times (no `*` and no step in seconds, minutes and hours)
 * has each of its times once a day: one that is left out comes at the end of the gap, one that comes twice comes
 * the first time. Any other goes by elapsed time: every half hour stays every half hour.
 *
 * The workers that have a cron need not run its kind of job. With a `key` on the job, a time makes no second job
 * while the last one is unfinished. Not for what must happen at that very second: the job waits for its turn in its
 * queue.
 *
 * @throws {TypeError} when an option is unknown or out of its range, the schedule can't be read or never comes,
 *   this process does not know the time zone, or the job does not accept the payload
 * @example
 * const nightly = defineCron({
 *   name: 'nightly-reminders',
 *   job: remindStaff,
 *   payload: { planId },
 *   schedule: '30 2 * * *',
 *   timeZone: 'Asia/Tokyo',
 *   missed: 'once',
 * })
 * await createWorker(db, { jobs: [remindStaff], crons: [nightly] }).run()
 */
export function defineCron<Input>(options: CronOptions<Input>): Cron {
  expectRequiredOptions(options, CRON_OPTIONS, 'defineCron')
  const { name, job, payload, schedule, timeZone = 'UTC' } = options
  const { missed = 'skip', lateMs = 60_000 } = options
  expectName('name', name)
  if (typeof job?.run !== 'function') throw expected('job to be made by defineJob', job)
  expectSchedule(schedule, timeZone)
  if (!MISSED.includes(missed)) throw expected(`missed to be one of ${MISSED.join(', ')}`, missed)
  expectMilliseconds('lateMs', lateMs, 0, DAY_MS)
  const isMade = typeof payload === 'function'
  if (!isMade) expectAccepted(job, payload)
  return Object.freeze<Cron>({
    name,
    job,
    schedule,
    timeZone,
    missed,
    lateMs,
    payloadAt: isMade ? (payload as (at: Date) => Input) : () => payload,
  })
}

/** As far as can be said at once: a schema that is asynchronous is asked when a time has come. */
function expectAccepted<Input>(job: Job<Input, unknown>, payload: Input): void {
  const row = rowOf(job, payload, {})
  if (isPromise(row)) row.catch(() => undefined)
}
