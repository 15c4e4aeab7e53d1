import {
  expected,
  expectFunction,
  expectInteger,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import { type Backoff, expectBackoff } from './backoff.ts'
import { expectName, expectPriority } from './expect.ts'
import type { Job, JobContext } from './job.ts'
import { mayHelp } from './may-help.ts'

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
  readonly parse?: ((json: unknown) => Payload) | undefined
  /** How often it is tried in all, the first time counted: an integer from 1 to 1,000. @default 5 */
  readonly attempts?: number | undefined
  /** How long one attempt may take, in milliseconds, above 0. @default 300_000 (5 minutes) */
  readonly timeoutMs?: number | undefined
  /** @default full jitter up to 1 s, doubled each time, at most an hour */
  readonly backoff?: Backoff | undefined
  /** Where it waits: 1 to 200 characters. @default 'default' */
  readonly queue?: string | undefined
  /** Lower runs first: a 32-bit integer. @default 0 */
  readonly priority?: number | undefined
  /**
   * While a job with the same name and key is unfinished, enqueueing gives that one. At most 500
   * characters; `undefined` for no such limit.
   */
  readonly uniqueKey?: ((payload: Payload) => string | undefined) | undefined
  /**
   * Whether a failure is worth another attempt, as long as there are any.
   *
   * @default no for a `TypeError('Expected …')` and for an `IoError` that says both that it is not
   * `retryable` and that nothing has happened (`outcome: 'none'`), else yes
   */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined
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

/** The `parse` of a job that has none. */
export const trusting = (json: unknown): unknown => json

/**
 * Defines a kind of job: its name, its payload, its work. Defining it enqueues nothing and runs nothing;
 * a worker runs only the kinds that it was given.
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
  expectRequiredOptions(options, JOB_OPTIONS, 'defineJob')
  const { name, queue = 'default', priority = 0, attempts = 5, timeoutMs = 300_000 } = options
  const { backoff = {}, run, parse, uniqueKey, shouldRetry } = options
  expectName('name', name)
  expectName('queue', queue)
  expectPriority(priority)
  expectInteger('attempts', attempts, 1, 1_000)
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw expected('timeoutMs to be milliseconds above 0', timeoutMs)
  }
  expectBackoff(backoff)
  expectFunction('run', run)
  for (const [option, fn] of Object.entries({ parse, uniqueKey, shouldRetry })) {
    if (fn !== undefined) expectFunction(option, fn)
  }
  return Object.freeze<Job<Payload>>({
    name,
    queue,
    priority,
    attempts,
    timeoutMs,
    backoff,
    run,
    parse: parse ?? (trusting as (json: unknown) => Payload),
    uniqueKey: uniqueKey ?? (() => undefined),
    shouldRetry: shouldRetry ?? mayHelp,
  })
}
