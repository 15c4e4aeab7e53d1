import {
  expected,
  expectFunction,
  expectOneOf,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ATTEMPTS, expectAttempts } from './attempts.ts'
import { type Backoff, expectBackoff } from './backoff.ts'
import { expectKeyConflict, expectName, expectPriority } from './expect.ts'
import type { Job, JobContext, KeyConflict } from './job.ts'
import { expectLimits, type JobLimits } from './limits.ts'
import { mayHelp } from './may-help.ts'
import { expectSchema, type PayloadSchema } from './payload-schema.ts'
import { expectVersions, type Upgrade } from './payload-version.ts'

/** What {@link defineJob} takes. */
export interface JobOptions<Input, Output = Input, Result = void> {
  /** What the database knows the job by: 1 to 200 characters. Changing it orphans what is enqueued. */
  readonly name: string
  /**
   * Does the work. It may be called more than once for one job: at least once, not exactly once. What it returns is
   * the job's result, kept until the job is pruned: JSON of at most 1 MiB, or nothing.
   */
  readonly run: (payload: Output, context: JobContext) => Promise<Result>
  /**
   * Checks the result before it is kept, and again when `waitFor` reads it: a Standard Schema or a function. What
   * `run` returned is kept, not what the schema makes of it: that is what `waitFor` gives. @default trusts the type
   */
  readonly result?: PayloadSchema<Result, unknown> | undefined
  /**
   * Checks the payload when it is enqueued, and again before it is run (the code may be newer than the row):
   * a Standard Schema (zod, valibot, arktype …) or a function; either may be asynchronous. What was enqueued
   * is stored, not what the schema makes of it: that is what `run` gets. @default trusts the type
   */
  readonly schema?: PayloadSchema<Input, Output> | undefined
  /**
   * The version of its payloads: an integer from 1 to 32,767, one more whenever stored payloads would no longer
   * do. A worker gives back a payload that is newer than its code, for newer workers. @default 1
   */
  readonly version?: number | undefined
  /**
   * Makes a stored payload of version n one of version n + 1, by n: it is taken step by step to the present
   * version, then checked. Without a step from its version a payload fails its job. @default none
   */
  readonly upgrade?: Upgrade | undefined
  /** How often it is tried in all, the first time counted: an integer from 1 to 1,000. @default 5 */
  readonly attempts?: number | undefined
  /** How long one attempt may take, in milliseconds, above 0. @default 300_000 (5 minutes) */
  readonly timeoutMs?: number | undefined
  /** @default full jitter up to 1 s, doubled each time, at most an hour */
  readonly backoff?: Backoff | undefined
  /**
   * `'transactional'`: `run` is called in a transaction of the worker's database, which `tx()` of its context gives, and
   * which completes the job at its end: its effects there happen exactly once. It is called again after a serialization
   * failure. When it throws, is cancelled or has lost the job, all of that rolls back; the attempt and its error are kept.
   * It holds a connection, and its locks, as long as it runs. So it is for short work in the database alone, has no
   * `step`, `snooze` and `completeIn`, and needs a pool with a connection for each place of the worker.
   * @default no transaction
   */
  readonly mode?: 'transactional' | undefined
  /** Where it waits: 1 to 200 characters. @default 'default' */
  readonly queue?: string | undefined
  /** Lower runs first: a 32-bit integer. @default 0 */
  readonly priority?: number | undefined
  /**
   * While a job with the same name and key is unfinished, enqueueing gives that one. At most 500
   * characters; `undefined` for no such limit.
   */
  readonly key?: ((payload: Input) => string | undefined) | undefined
  /**
   * What enqueueing does when a job with the same name and key is unfinished. With any but `'skip'`, jobs of one key run
   * one after the other. @default 'skip'
   */
  readonly onConflict?: KeyConflict | undefined
  /**
   * Jobs of this kind with the same group run one at a time, in the order of their enqueueing: see the manual. At most
   * 500 characters; `undefined` for no group. @default none
   */
  readonly group?: ((payload: Input) => string | undefined) | undefined
  /**
   * How many of its jobs run at once, and how many begin in a time, on all machines: of all of them, and of each tenant
   * and key. A job is held to them if its kind has some, or a `tenant`, when it is enqueued. `changeLimits` changes them at
   * run time. @default none
   */
  readonly limits?: JobLimits | undefined
  /**
   * Whom a job is for: tenants take turns. At most 500 characters; `undefined` for nobody in particular.
   * @default all are for nobody in particular
   */
  readonly tenant?: ((payload: Input) => string | undefined) | undefined
  /** By which `findJobs` finds its jobs: up to twenty for each, of 1 to 200 characters. @default none */
  readonly tags?: ((payload: Input) => readonly string[]) | undefined
  /**
   * Whether a failure is worth another attempt, as long as there are any.
   *
   * @default no for a `TypeError('Expected …')` and for an `IoError` that says both that it is not
   * `retryable` and that nothing has happened (`outcome: 'none'`), else yes
   */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined
}

/** The names of what {@link defineJob} takes. */
export const JOB_OPTIONS: readonly string[] = Object.keys({
  name: true,
  run: true,
  result: true,
  schema: true,
  version: true,
  upgrade: true,
  attempts: true,
  timeoutMs: true,
  backoff: true,
  mode: true,
  queue: true,
  priority: true,
  key: true,
  onConflict: true,
  group: true,
  tags: true,
  limits: true,
  tenant: true,
  shouldRetry: true,
} satisfies Record<keyof JobOptions<unknown>, true>)

/**
 * Defines a kind of job: its name, its payload and its work. This enqueues nothing and runs nothing; a worker
 * runs only the kinds that it was given.
 *
 * A job may run more than once (after a crash, a timeout, a lost lease): make its effects idempotent, with the
 * `jobId`, or complete it in its own transaction with `completeIn`. Not for work that must end within the
 * request that started it.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const remindStaff = defineJob<{ staffId: string }>({
 *   name: 'remind-staff',
 *   timeoutMs: 30_000,
 *   run: async ({ staffId }, { jobId }) => {
 *     await mail.send({ ...(await reminderFor(staffId)), messageId: `<${jobId}@example.com>` })
 *   },
 * })
 * @example
 * // With a schema the types of the payload follow from it. Its payloads had no `staffIds` once.
 * const remindAll = defineJob({
 *   name: 'remind-all',
 *   schema: z.object({ staffIds: z.array(z.string()) }),
 *   version: 2,
 *   upgrade: { 1: (old) => ({ staffIds: [(old as { staffId: string }).staffId] }) },
 *   run: async ({ staffIds }) => {
 *     for (const staffId of staffIds) await mail.send(await reminderFor(staffId))
 *   },
 * })
 */
export function defineJob<Schema extends StandardSchemaV1, Result = void>(
  options: JobOptions<
    StandardSchemaV1.InferInput<Schema>,
    StandardSchemaV1.InferOutput<Schema>,
    Result
  > & { readonly schema: Schema },
): Job<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Result>
export function defineJob<Payload, Result = void>(
  options: JobOptions<Payload, Payload, Result>,
): Job<Payload, Payload, Result>
export function defineJob(options: JobOptions<unknown, unknown, unknown>): Job {
  expectRequiredOptions(options, JOB_OPTIONS, 'defineJob')
  const {
    name,
    queue = 'default',
    priority = 0,
    attempts = ATTEMPTS,
    timeoutMs = 300_000,
  } = options
  const { backoff = {}, mode, run, schema, result, version = 1, upgrade = {} } = options
  const { key, shouldRetry } = options
  const { onConflict = 'skip', group, tags, tenant } = options
  const { limits = tenant === undefined ? undefined : {} } = options
  expectName('name', name)
  expectName('queue', queue)
  expectPriority(priority)
  expectAttempts(attempts)
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw expected('timeoutMs to be milliseconds above 0', timeoutMs)
  }
  expectBackoff(backoff)
  if (mode !== undefined) expectOneOf('mode', mode, ['transactional'])
  expectFunction('run', run)
  for (const [option, fn] of Object.entries({ key, group, tags, tenant, shouldRetry })) {
    if (fn !== undefined) expectFunction(option, fn)
  }
  if (schema !== undefined) expectSchema(schema)
  if (result !== undefined) expectSchema(result, 'result')
  expectVersions(version, upgrade)
  expectKeyConflict(onConflict)
  if (limits !== undefined) expectLimits(limits, 'defineJob.limits')
  return Object.freeze<Job>({
    name,
    queue,
    priority,
    attempts,
    timeoutMs,
    backoff,
    mode,
    run,
    schema,
    result,
    version,
    upgrade: Object.freeze({ ...upgrade }),
    key: key ?? (() => undefined),
    onConflict,
    ...(group === undefined ? {} : { group }),
    ...(tags === undefined ? {} : { tags }),
    ...(limits === undefined ? {} : { limits: structuredClone(limits) }),
    ...(tenant === undefined ? {} : { tenant }),
    shouldRetry: shouldRetry ?? mayHelp,
  })
}
