import type { IoOptions } from '@yuzuru/concurrency'
import { expected, expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { type RawBuilder, sql } from 'kysely'
import { expectName, expectPriority } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import type { CronOrigin } from '../job/origin.ts'

/** When and where a job is to run. */
export interface EnqueueManyOptions extends IoOptions {
  /** Not before this moment of the database's clock. At the most one of `runAt` and `delayMs`. */
  readonly runAt?: Date | undefined
  /** Not before so many milliseconds from now, by the database's clock. */
  readonly delayMs?: number | undefined
  /** Lower runs first: a 32-bit integer. @default the job's */
  readonly priority?: number | undefined
  /** @default the job's */
  readonly queue?: string | undefined
}

/** How one job is to run. */
export interface EnqueueOptions extends EnqueueManyOptions {
  /** In place of the one that the job's `key` makes of the payload. */
  readonly key?: string | undefined
}

const MANY: Readonly<Record<keyof EnqueueManyOptions, true>> = {
  runAt: true,
  delayMs: true,
  priority: true,
  queue: true,
  signal: true,
  timeoutMs: true,
}

/** The names of what each function takes. */
const KNOWN: Readonly<Record<'enqueue' | 'enqueueMany', readonly string[]>> = {
  enqueue: Object.keys({ ...MANY, key: true } satisfies Record<keyof EnqueueOptions, true>),
  enqueueMany: Object.keys(MANY),
}

/** What the rows of one call have in common. */
export interface EnqueuePlan {
  readonly job: Job
  readonly queue: string
  readonly priority: number
  /** `undefined` for at once. */
  readonly runAt: RawBuilder<Date> | undefined
  /** The cron that makes them. */
  readonly cron?: CronOrigin | undefined
}

/** Checks the options. */
export function planOf(
  operation: keyof typeof KNOWN,
  job: Job,
  options: EnqueueManyOptions,
): EnqueuePlan {
  if (typeof job?.run !== 'function') {
    throw expected('job to be made by defineJob', job)
  }
  expectOptions(options, KNOWN[operation], operation)
  const { queue = job.queue, priority = job.priority } = options
  expectName('queue', queue)
  expectPriority(priority)
  return { job, queue, priority, runAt: runAtOf(options) }
}

const HUNDRED_YEARS_MS = 3_153_600_000_000

function runAtOf({ runAt, delayMs }: EnqueueManyOptions): RawBuilder<Date> | undefined {
  if (runAt !== undefined && delayMs !== undefined) {
    throw new TypeError('Expected one of runAt and delayMs, got both')
  }
  if (runAt !== undefined) {
    if (!(runAt instanceof Date) || Number.isNaN(runAt.getTime())) {
      throw expected('runAt to be a valid Date', runAt)
    }
    return sql<Date>`${runAt.toISOString()}::timestamptz`
  }
  if (delayMs === undefined) return undefined
  expectMilliseconds('delayMs', delayMs, 0, HUNDRED_YEARS_MS)
  // Not now(), which stands still within a transaction.
  return sql<Date>`clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond'`
}

/** The key of one payload, checked. */
export function keyOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  options: { readonly key?: string | undefined },
): string | undefined {
  const key = options.key ?? job.key(payload)
  if (key === undefined) return undefined
  if (typeof key !== 'string' || key === '' || key.length > 500 || key.includes('\0')) {
    throw expected('key to be 1 to 500 characters', key)
  }
  return key
}
