import type { IoOptions } from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import type { Runnable } from './runnable.ts'

/**
 * Runs a part of a handler whose result is kept: when the job is run again, after a crash, a failure or a
 * shutdown, a step that has finished gives what it gave before, and `fn` is not called. What stands between
 * the steps is run each time.
 *
 * - **Given a database**, `fn` runs in a transaction of it, and its result is kept in that same transaction: its
 *   effect there happens exactly once. As in `transaction()`, `fn` is called again after a serialization
 *   failure. It must be the database that has the queue's tables. A COMMIT that was not answered is looked up
 *   instead of being repeated.
 * - **Without one**, the result is kept when `fn` has returned. A crash between the two has `fn` called again:
 *   give what it calls an idempotency key made of `jobId` and the step's name. What the database refuses to keep
 *   fails with the outcome `'unknown'`.
 *
 * A step is known by its name alone, so steps may run side by side, in any order, in loops (`page ${n}`) and
 * behind conditions, as long as a run asks for all that an earlier run of the same job has finished. If it
 * does not (a step was renamed or removed while a job was under way), that is an error before anything is run
 * twice. Only a handler that asks for no step at all is not checked. Results are kept until the job is pruned:
 * at most 1 MiB of JSON each, 16 MiB and 1,000 steps for a job.
 *
 * A step that fails keeps nothing, and fails like any other code of the handler. To try only the step again, put
 * `retry` around what `fn` does.
 *
 * @param name 1 to 200 characters, different for each step of the job
 * @throws {TypeError} when the name was used in this run before, within another step, or when the result is not
 *   JSON (`undefined` is taken), or is too large
 * @throws {JobError} `'lease_lost'` when the job is no longer this worker's: nothing was kept, and the handler
 *   is cancelled
 * @throws {JobError} `'step_changed'` when an earlier run has finished a step that this one does not ask for
 *   (found when another unknown step was asked for in its place for 5 s, or at the end of the handler)
 * @throws what `fn` throws
 * @example
 * const approved = defineJob<{ planId: string; to: string }>({
 *   name: 'approved',
 *   run: async ({ planId, to }, { jobId, step }) => {
 *     await step('mail', async () => {
 *       await mail.send({ to, subject: 'Approved', text: 'Your plan.', idempotencyKey: `${jobId}-mail` })
 *     })
 *     await step('archive', db, async (tx) => {
 *       await tx.updateTable('plans').set({ status: 'archived' }).where('id', '=', planId).execute()
 *     })
 *   },
 * })
 */
export interface Step {
  <T>(name: string, fn: () => T | PromiseLike<T>, options?: IoOptions): Promise<T>
  <T, DB>(
    name: string,
    db: Queryable<DB>,
    fn: (tx: Transaction<DB>) => PromiseLike<T>,
    options?: IoOptions,
  ): Promise<T>

  /**
   * Waits, for as long as a job may wait: minutes, or months. The job goes back into the queue meanwhile and takes no
   * place of a worker, and neither an attempt nor its time limit is used up; at its time, by the database's clock, the
   * handler is run again, and goes on behind the sleep. What was slept before a crash or a failure counts.
   *
   * The handler is ended, by a cancel, as soon as none of its steps is doing anything but sleep. A wait that is over
   * before that ends where it is.
   *
   * @param name as that of any other step
   * @param until milliseconds from 0 to a hundred years, counted from when the sleep is first asked for, or a moment
   * @throws {TypeError} when the name was used in this run before, within a step, or when `until` is neither
   * @throws {Cancelled} when the handler is ended; it must let that pass
   * @throws {JobError} as a step does
   * @example
   * const followUp = defineJob<{ to: string }>({
   *   name: 'follow-up',
   *   run: async ({ to }, { jobId, step }) => {
   *     await step.sleep('a week', 7 * 86_400_000)
   *     await step('remind', async () => {
   *       await mail.send({ to, subject: 'Your plan', text: 'Please sign.', idempotencyKey: jobId })
   *     })
   *   },
   * })
   */
  sleep(name: string, until: number | Date): Promise<void>

  /**
   * Waits for an event of `sendEvent`, for minutes or months, as `step.sleep` does: the job goes back into the queue
   * meanwhile and takes no place of a worker, and it is due again as soon as the event has come.
   *
   * An event that was sent before the wait began counts, if it was sent after the job was enqueued. Of several the
   * oldest comes first, and each goes to one wait of the job. What a wait has got, or that it got nothing in time,
   * is kept: a run after that gets the same.
   *
   * @param event 1 to 200 characters, as it is sent
   * @returns the payload; `undefined` when `timeoutMs` has passed
   * @throws {TypeError} when the name was used in this run before, within a step, or when an option is out of its range
   * @throws {Cancelled} when the handler is ended; it must let that pass
   * @throws {JobError} as a step does
   * @example
   * const approval = defineJob<{ planId: string }>({
   *   name: 'approval',
   *   run: async ({ planId }, { step }) => {
   *     const approved = await step.waitFor<{ by: string }>('plan.approved', {
   *       key: planId,
   *       timeoutMs: 7 * 86_400_000,
   *     })
   *     if (approved === undefined) await step('remind', () => console.log(`nobody approved ${planId}`))
   *   },
   * })
   */
  waitFor<T = unknown>(event: string, options?: WaitForOptions): Promise<T | undefined>

  /**
   * Runs a job of another kind as a part of this one, and gives its result. The child is a job as any other, with
   * its own attempts, on whatever worker; this one waits as `step.sleep` does, without a place.
   *
   * There is one child, whatever crashes: it is made in the transaction that keeps the step. What the child returned
   * is kept. When this job is cancelled, so are the children that it made and that have not ended; when it fails
   * or completes, they go on. A child whose `key` an unfinished job has is that job, and is not cancelled.
   *
   * @returns what the child's handler returned, through the `result` schema of its job
   * @throws {TypeError} when the name was used in this run before, within a step, when the child's job does not
   *   accept the payload, or when the child would wait for this job: through its key or its group, or others
   * @throws {JobError} `'job_failed'` or `'job_cancelled'` when that is how the child ended, which fails this job for
   *   good unless it is caught. Put the child back with `retryJob`, and then this job: it waits for the child again
   * @throws {JobError} as a step does
   * @throws {Cancelled} when the handler is ended; it must let that pass
   * @example
   * const render = defineJob<{ page: number }, { bytes: number }>({
   *   name: 'render',
   *   run: async ({ page }) => ({ bytes: 1_000 * page }),
   * })
   * const report = defineJob({
   *   name: 'report',
   *   run: async (_, { step }) => {
   *     const pages = await gather(
   *       [1, 2, 3].map((page) => () => step.run(render, { page }, { name: `render ${page}` })),
   *     )
   *     return { bytes: pages.reduce((sum, { bytes }) => sum + bytes, 0) }
   *   },
   * })
   */
  run<Input, Result>(
    job: Runnable<Input, Result>,
    payload: NoInfer<Input>,
    options?: RunOptions,
  ): Promise<Result>
}

/** How a child of {@link Step.run} is run. */
export interface RunOptions {
  /** The name of the step; for a second child of the same kind. @default the name of the job */
  readonly name?: string | undefined
  /** @default the job's */
  readonly queue?: string | undefined
  /** Lower runs first: a 32-bit integer. @default the job's */
  readonly priority?: number | undefined
}

/** What {@link Step.waitFor} waits for. */
export interface WaitForOptions {
  /** To what it must have happened: 1 to 500 characters. @default the id of the job */
  readonly key?: string | undefined
  /** The name of the step; for a second wait for the same event. @default the event */
  readonly name?: string | undefined
  /** For how long, in milliseconds from 0 up, from when the wait is first asked for. @default for ever */
  readonly timeoutMs?: number | undefined
}
