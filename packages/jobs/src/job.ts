import { IoError } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { type Backoff, expectBackoff } from './backoff.ts'
import type { JobDatabase } from './job-database.ts'
import { describe } from './json.ts'

/** What a handler knows of the job that it runs. */
export interface JobContext {
  /** The same for every attempt: use it as an idempotency key, a Message-ID, a row's id. */
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly maxAttempts: number
  /** When it was enqueued, by the database's clock. */
  readonly enqueuedAt: Date
  /** Fires on timeout, lost lease, `cancelJob` and shutdown. Every `io` within obeys it by itself. */
  readonly signal: AbortSignal
  /**
   * Completes the job within the handler's own transaction in the same database: then its effect there
   * happens exactly once. Under `repeatable read` and stricter call it first, before a heartbeat can
   * get in between; it locks the job's row until the transaction ends.
   *
   * @throws {JobError} `'lease_lost'` when the job is no longer this worker's: let it roll back
   */
  readonly completeIn: (tx: JobDatabase) => Promise<void>
}

/** What {@link defineJob} takes. */
export interface JobOptions<Payload> {
  /** What the database knows the job by: 1 to 200 characters. Changing it orphans what is enqueued. */
  readonly name: string
  /** Does the work. It may be called more than once for one job: at least once, not exactly once. */
  readonly run: (payload: Payload, context: JobContext) => Promise<void>
  /**
   * Checks the payload, when it is enqueued and again before it is run (the code may be newer than the
   * row). Throws on what it does not accept. @default trusts the type
   */
  readonly parse?: (json: unknown) => Payload
  /** How often it is tried at the most: an integer from 1 to 1,000. @default 5 */
  readonly attempts?: number
  /** How long one attempt may take, in milliseconds, above 0. @default 300_000 (5 minutes) */
  readonly timeoutMs?: number
  /** @default full jitter up to 1 s, doubled each time, at most an hour */
  readonly backoff?: Backoff
  /** Where it waits: 1 to 200 characters. @default 'default' */
  readonly queue?: string
  /** Lower runs first: a 32-bit integer. @default 0 */
  readonly priority?: number
  /**
   * While a job with the same name and key is unfinished, enqueueing gives that one. At most 500
   * characters; `undefined` for no such limit.
   */
  readonly uniqueKey?: (payload: Payload) => string | undefined
  /**
   * Whether a failure is worth another attempt, as long as there are any.
   * @default no for an `IoError` that says it is not `retryable` and for a `TypeError('Expected …')`, else yes
   */
  readonly shouldRetry?: (error: unknown, attempt: number) => boolean
}

const JOB_OPTIONS = Object.keys({
  name: true,
  run: true,
  parse: true,
  attempts: true,
  timeoutMs: true,
  backoff: true,
  queue: true,
  priority: true,
  uniqueKey: true,
  shouldRetry: true,
} satisfies Record<keyof JobOptions<unknown>, true>)

/** A kind of job, made by {@link defineJob}. Methods, so that a `Job<X>` is a `Job<unknown>` too. */
export interface Job<Payload = unknown> {
  readonly name: string
  readonly queue: string
  readonly priority: number
  readonly attempts: number
  readonly timeoutMs: number
  readonly backoff: Backoff
  run(payload: Payload, context: JobContext): Promise<void>
  parse(json: unknown): Payload
  uniqueKey(payload: Payload): string | undefined
  shouldRetry(error: unknown, attempt: number): boolean
}

/**
 * Defines a kind of job: what it is called, what it carries, what it does.
 *
 * @throws {TypeError} on a wrong option
 * @example
 * const remindStaff = defineJob<{ staffId: string }>({
 *   name: 'remind-staff',
 *   timeoutMs: 30_000,
 *   run: async ({ staffId }, { jobId }) => {
 *     await mail.send({ ...(await reminderFor(staffId)), messageId: `<${jobId}@example.com>` })
 *   },
 * })
 */
export function defineJob<Payload>(options: JobOptions<Payload>): Job<Payload> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected options to be an object, got ${describe(options)}`)
  }
  expectOptions(options, JOB_OPTIONS, 'defineJob')
  const { name, queue = 'default', priority = 0, attempts = 5, timeoutMs = 300_000 } = options
  const { backoff = {}, run, parse, uniqueKey, shouldRetry } = options
  expectName('name', name)
  expectName('queue', queue)
  expectPriority(priority)
  if (!Number.isSafeInteger(attempts) || attempts < 1 || attempts > 1_000) {
    throw new TypeError(
      `Expected attempts to be an integer from 1 to 1000, got ${describe(attempts)}`,
    )
  }
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw new TypeError(`Expected timeoutMs to be milliseconds above 0, got ${describe(timeoutMs)}`)
  }
  expectBackoff(backoff)
  if (typeof run !== 'function') {
    throw new TypeError(`Expected run to be a function, got ${describe(run)}`)
  }
  for (const [option, fn] of Object.entries({ parse, uniqueKey, shouldRetry })) {
    if (fn !== undefined && typeof fn !== 'function') {
      throw new TypeError(`Expected ${option} to be a function, got ${describe(fn)}`)
    }
  }
  return Object.freeze<Job<Payload>>({
    name,
    queue,
    priority,
    attempts,
    timeoutMs,
    backoff,
    run,
    parse: parse ?? ((json) => json as Payload),
    uniqueKey: uniqueKey ?? (() => undefined),
    shouldRetry: shouldRetry ?? mayHelp,
  })
}

/**
 * Whether another attempt may help, as far as the error tells. One part that is final settles it. The
 * `TypeError('Expected …, got …')` with which all packages refuse bad input stays the same for the same
 * payload; other `TypeError`s (fetch's, say) may be anything.
 */
export function mayHelp(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every((part) => mayHelp(part))
  if (error instanceof SuppressedError) return mayHelp(error.error) && mayHelp(error.suppressed)
  if (error instanceof TypeError && error.message.startsWith('Expected ')) return false
  return !IoError.isInstance(error) || error.retryable
}

/** Refuses what is no name of a job or a queue. */
export function expectName(option: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.length > 200 || value.includes('\0')) {
    throw new TypeError(`Expected ${option} to be 1 to 200 characters, got ${describe(value)}`)
  }
}

/** Refuses what is no priority. */
export function expectPriority(value: unknown): void {
  if (!Number.isInteger(value) || Math.abs(Number(value)) > 2 ** 31 - 1) {
    throw new TypeError(`Expected priority to be a 32-bit integer, got ${describe(value)}`)
  }
}
