import {
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { runInOneTransaction } from './batch-in-transaction.ts'
import type { BatchHandler } from './batch-item.ts'
import { runOneByOne } from './batch-one-by-one.ts'
import { Batcher } from './batcher.ts'
import { defineJob, JOB_OPTIONS, type JobOptions } from './define-job.ts'
import type { Job, JobContext } from './job.ts'
import { runsOn } from './runs-on.ts'

/** What {@link defineBatchJob} takes. */
export interface BatchJobOptions<Input, Output = Input, Result = void> extends Omit<
  JobOptions<Input, Output, Result>,
  'run' | 'mode'
> {
  /** Does the work of many jobs at once: of one at least, and of `size` at the most. */
  readonly run: BatchHandler<Output, Result>
  /** How many jobs one call takes: an integer from 1 to 1,000. A worker's `concurrency` should be as high at least. */
  readonly size: number
  /** How long the first waits for others, in milliseconds from 0 to 60,000. @default 50 */
  readonly maxWaitMs?: number | undefined
  /**
   * `'transactional'`: `run` is called in one transaction of the worker's database for all of the batch, which `tx()` of
   * its second argument gives, and which completes all of its jobs at its end: their effects there happen exactly once,
   * and together. What rolled back is done again in the same attempt, so that no job fails for another: without those
   * that `fail` names, that are cancelled or were lost; else, when `run` throws, in halves, until what fails stands alone.
   * What is tried again after that is a batch of its own. For short work in the database alone.
   * @default no transaction
   */
  readonly mode?: 'transactional' | undefined
}

const BATCH_OPTIONS = [...JOB_OPTIONS, 'size', 'maxWaitMs']

/**
 * Defines a kind of job whose handler takes many at once, for what is cheaper together: one statement, one call of an
 * API. Enqueueing, attempts, timeouts, leases and cancels are those of each job by itself, and so is how it ends: what
 * the handler does not `complete` or `fail` one by one is completed when it returns, and fails when it throws.
 *
 * A batch is made of the jobs of the kind that one process runs at the time for one database, so it is no larger than the
 * worker's `concurrency`. It is cancelled when all that are left of it are; a job that is cancelled alone ends when the
 * batch does. Not for a job with steps.
 *
 * With `mode: 'transactional'` a batch commits whole, or not at all: see there.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const notifyAll = defineBatchJob<{ to: string }>({
 *   name: 'notify-all',
 *   size: 100,
 *   run: async (items) => {
 *     console.log(`one call for ${items.length}`)
 *     for (const { payload, fail } of items) {
 *       if (payload.to === '') fail(new TypeError('Expected an address, got none'))
 *     }
 *   },
 * })
 * await createWorker(db, { jobs: [notifyAll], concurrency: 100 }).runUntilIdle()
 * @example
 * const archiveAll = defineBatchJob<{ planId: string }>({
 *   name: 'archive-all',
 *   mode: 'transactional',
 *   size: 50,
 *   run: async (items, { tx }) => {
 *     const ids = items.map(({ payload }) => payload.planId)
 *     await tx<Schema>()
 *       .updateTable('plans')
 *       .set({ status: 'archived' })
 *       .where('id', 'in', ids)
 *       .execute()
 *   },
 * })
 */
export function defineBatchJob<Schema extends StandardSchemaV1, Result = void>(
  options: BatchJobOptions<
    StandardSchemaV1.InferInput<Schema>,
    StandardSchemaV1.InferOutput<Schema>,
    Result
  > & { readonly schema: Schema },
): Job<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Result>
export function defineBatchJob<Payload, Result = void>(
  options: BatchJobOptions<Payload, Payload, Result>,
): Job<Payload, Payload, Result>
export function defineBatchJob(options: BatchJobOptions<unknown, unknown, unknown>): Job {
  expectRequiredOptions(options, BATCH_OPTIONS, 'defineBatchJob')
  const { run, size, maxWaitMs = 50, ...rest } = options
  const isTransactional = rest.mode !== undefined
  expectFunction('run', run)
  expectInteger('size', size, 1, 1_000)
  expectMilliseconds('maxWaitMs', maxWaitMs, 0, 60_000)
  // A batch has one database: what its handler does is done there.
  const batchers = new WeakMap<object, Batcher<unknown, unknown>>()
  const batcherOf = (context: JobContext): Batcher<unknown, unknown> => {
    const db = runsOn(context)
    const known =
      batchers.get(db) ??
      new Batcher({
        size,
        maxWaitMs,
        run: (members) => (isTransactional ? runInOneTransaction : runOneByOne)(members, run),
        // It may be what failed, or killed its process: others must not roll back with it.
        isAlone: ({ attempt }) => isTransactional && attempt > 1,
      })
    batchers.set(db, known)
    return known
  }
  const job = defineJob<unknown, unknown>({
    ...rest,
    run: async (payload, context) => await batcherOf(context).add(payload, context),
  })
  return Object.freeze<Job>({ ...job, batchSize: size })
}
