import type { IoOptions } from '@yuzuru/concurrency'
import { expected, expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { type RawBuilder, sql } from 'kysely'
import { expectAttempts } from '../job/attempts.ts'
import {
  expectKeyConflict,
  expectName,
  expectPriority,
  expectTags,
  expectText,
} from '../job/expect.ts'
import type { Job, KeyConflict } from '../job/job.ts'
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
  /** How often it is tried in all, the first time counted: an integer from 1 to 1,000. @default the job's */
  readonly attempts?: number | undefined
  /** By which `findJobs` finds it, beside those that the job's `tags` makes of the payload: twenty in all. */
  readonly tags?: readonly string[] | undefined
  /**
   * Whom it is for, in place of what the job's `tenant` makes of the payload: at most 500 characters. Only for a job with
   * `limits` or a `tenant`.
   */
  readonly tenant?: string | undefined
  /**
   * What to do when a job with the same name and key is unfinished. Anything but `'skip'` needs a job that was defined
   * with one of those. @default the job's
   */
  readonly onConflict?: KeyConflict | undefined
  /**
   * Of `'debounce'`: for how long the job may be put off in all, in milliseconds since it was first enqueued, from
   * `delayMs` up. @default ten times `delayMs`
   */
  readonly maxDelayMs?: number | undefined
}

/** How one job is to run. */
export interface EnqueueOptions extends EnqueueManyOptions {
  /** In place of the one that the job's `key` makes of the payload. */
  readonly key?: string | undefined
  /** In place of the one that the job's `group` makes of the payload. */
  readonly group?: string | undefined
}

const MANY: Readonly<Record<keyof EnqueueManyOptions, true>> = {
  runAt: true,
  delayMs: true,
  priority: true,
  queue: true,
  attempts: true,
  tags: true,
  tenant: true,
  onConflict: true,
  maxDelayMs: true,
  signal: true,
  timeoutMs: true,
}

/** The names of what each function takes. */
const KNOWN: Readonly<Record<'enqueue' | 'enqueueMany', readonly string[]>> = {
  enqueue: Object.keys({ ...MANY, key: true, group: true } satisfies Record<
    keyof EnqueueOptions,
    true
  >),
  enqueueMany: Object.keys(MANY),
}

/** What the rows of one call have in common. */
export interface EnqueuePlan {
  readonly job: Job
  readonly queue: string
  readonly priority: number
  readonly attempts: number
  /** `undefined` for at once. */
  readonly runAt: RawBuilder<Date> | undefined
  readonly onConflict: KeyConflict
  /** Of a debounce. */
  readonly maxDelayMs: number
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
  const { queue = job.queue, priority = job.priority, attempts = job.attempts, tenant } = options
  if (tenant !== undefined && job.limits === undefined) {
    throw new TypeError(
      `Expected tenant only for a job with limits or a tenant, got one for "${job.name}"`,
    )
  }
  checked('tenant', tenant)
  expectName('queue', queue)
  expectPriority(priority)
  expectAttempts(attempts)
  return { job, queue, priority, attempts, runAt: runAtOf(options), ...conflictOf(job, options) }
}

function conflictOf(
  job: Job,
  { onConflict = job.onConflict, maxDelayMs, delayMs }: EnqueueManyOptions,
): Pick<EnqueuePlan, 'onConflict' | 'maxDelayMs'> {
  expectKeyConflict(onConflict)
  if (onConflict !== 'skip' && job.onConflict === 'skip') {
    throw new TypeError(
      `Expected onConflict to be 'skip', got '${onConflict}' for a job that was not defined with it`,
    )
  }
  if (onConflict !== 'debounce') {
    if (maxDelayMs === undefined) return { onConflict, maxDelayMs: Infinity }
    throw expected("maxDelayMs only with onConflict: 'debounce'", maxDelayMs)
  }
  if (delayMs === undefined) {
    throw expected('delayMs to be given for a debounce', delayMs)
  }
  const most = maxDelayMs ?? 10 * delayMs
  expectMilliseconds('maxDelayMs', most, delayMs, 10 * HUNDRED_YEARS_MS)
  return { onConflict, maxDelayMs: most }
}

const HUNDRED_YEARS_MS = 3_153_600_000_000

/** The earliest moment that PostgreSQL can store: the beginning of the year -4712. */
const EARLIEST = Date.UTC(-4712, 0, 1)

function runAtOf({ runAt, delayMs }: EnqueueManyOptions): RawBuilder<Date> | undefined {
  if (runAt !== undefined && delayMs !== undefined) {
    throw new TypeError('Expected one of runAt and delayMs, got both')
  }
  if (runAt !== undefined) {
    if (!(runAt instanceof Date) || Number.isNaN(runAt.getTime())) {
      throw expected('runAt to be a valid Date', runAt)
    }
    if (runAt.getTime() < EARLIEST) throw expected('runAt to be in the year -4712 or later', runAt)
    // Not its text: PostgreSQL has another one for the years beyond 9999 and before 1.
    return sql<Date>`to_timestamp(${runAt.getTime()}::float8 / 1000)`
  }
  if (delayMs === undefined) return undefined
  expectMilliseconds('delayMs', delayMs, 0, HUNDRED_YEARS_MS)
  // Not now(), which stands still within a transaction.
  return sql<Date>`clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond'`
}

/** What the options say of a payload, in place of its kind or beside it. */
export interface OfPayload {
  readonly tags?: readonly string[] | undefined
  readonly key?: string | undefined
  readonly group?: string | undefined
  readonly tenant?: string | undefined
}

/** The key of one payload, checked. */
export function keyOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  options: OfPayload,
): string | undefined {
  return checked('key', options.key ?? job.key(payload))
}

/** The group of one payload, checked. */
export function groupOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  options: OfPayload,
): string | undefined {
  return checked('group', options.group ?? job.group?.(payload))
}

/** Whom one payload is for, where its kind has limits; checked. */
export function tenantOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  options: OfPayload,
): string | undefined {
  if (job.limits === undefined) return undefined
  return checked('tenant', options.tenant ?? job.tenant?.(payload)) ?? ''
}

/** The tags of one payload, checked. */
export function tagsOf<Input>(
  job: Job<Input, unknown>,
  payload: Input,
  { tags = [] }: OfPayload,
): readonly string[] {
  expectTags(tags)
  const own = job.tags?.(payload)
  if (own === undefined) return tags
  expectTags(own)
  const all = [...new Set([...own, ...tags])]
  expectTags(all)
  return all
}

function checked(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  expectText(option, value, 500)
  return value
}
