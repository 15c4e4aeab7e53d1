import type { Transaction } from 'kysely'
import type { Backoff } from './backoff.ts'
import type { Dependency } from './dependency.ts'
import type { CronOrigin } from './origin.ts'
import type { IsolatedKind } from './isolated-kind.ts'
import type { JobLimits } from './limits.ts'
import type { PayloadSchema } from './payload-schema.ts'
import type { Upgrade } from './payload-version.ts'
import type { Step } from './step.ts'

/** When a job that is snoozed is due again: at the moment, or in so many milliseconds. */
export type Snooze =
  | { readonly runAt: Date; readonly delayMs?: undefined }
  | { readonly delayMs: number; readonly runAt?: undefined }

/** What a handler knows of the job that it runs. */
export interface JobContext {
  /** The same for every attempt: use it as an idempotency key, a Message-ID, a row's id. */
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly attempts: number
  /** When it was enqueued, by the database's clock. */
  readonly enqueuedAt: Date
  /** The cron that made it, and for which time; `undefined` for a job that was enqueued otherwise. */
  readonly cron: CronOrigin | undefined
  /** Fires on timeout, lost lease, `cancelJob` and shutdown. Every `io` within obeys it by itself. */
  readonly signal: AbortSignal
  /**
   * Gives the job back when the handler has returned: it waits until then, by the database's clock, and the attempt is
   * not used. As often as you like; the last call counts. A handler that throws has failed all the same, and one that
   * has called `completeIn` has completed. Not for a failure: throw, so that it is seen and bounded.
   *
   * @throws {TypeError} unless there is one of `runAt`, and `delayMs` of milliseconds from 1 up
   * @example
   * const patient = defineJob<object>({
   *   name: 'patient',
   *   run: async (_, { snooze }) => snooze({ delayMs: 60_000 }),
   * })
   */
  readonly snooze: (until: Snooze) => void
  /**
   * Completes the job within the handler's own transaction in the same database: then its effect there
   * happens exactly once. It locks the job's row until the transaction ends, however long that takes: the
   * lease is the worker's own and goes on being extended. If the transaction rolls back, nothing has
   * happened, and the attempt ends as any other does.
   *
   * What the handler returns after that is no longer kept: pass the job's result here.
   *
   * @param result JSON of at most 1 MiB; `undefined` for none
   * @throws {TypeError} unless `tx` is a transaction, or when the result is not JSON
   * @throws {JobError} `'lease_lost'` when the job is no longer this worker's: let it roll back
   */
  readonly completeIn: <DB>(tx: Transaction<DB>, result?: unknown) => Promise<void>
  /**
   * Says how far the job is: any JSON of at most 16 KiB, for `getJob`. It returns at once. Only the last value
   * counts: a worker writes those of all its jobs in one statement, twice a second at the most, and what is left
   * when an attempt ends together with how it ended. A worker that has lost the job changes nothing. What can't be
   * written (the database is away) is dropped.
   *
   * @throws {TypeError} when it is not JSON, or is too large
   * @example
   * const importAll = defineJob<{ rows: number }>({
   *   name: 'import-all',
   *   run: async ({ rows }, { progress }) => {
   *     for (let done = 1; done <= rows; done += 1) progress({ done, rows })
   *   },
   * })
   */
  readonly progress: (value: unknown) => void
  /**
   * How the jobs ended that come before this one in its flow, and with what result, in the order of its
   * `after` and of their payloads; none for a job that `enqueueFlow` did not make.
   *
   * @throws {JobError | DbError} when the database fails
   */
  readonly dependencies: () => Promise<readonly Dependency[]>
  /**
   * The transaction that a handler of `mode: 'transactional'` runs in, and that completes the job at its end. Not to be
   * used after the handler.
   *
   * @throws {TypeError} unless the job has that mode
   * @example
   * const archive = defineJob<{ planId: string }>({
   *   name: 'archive',
   *   mode: 'transactional',
   *   run: async ({ planId }, { tx }) => {
   *     await tx<Schema>()
   *       .updateTable('plans')
   *       .set({ status: 'archived' })
   *       .where('id', '=', planId)
   *       .execute()
   *   },
   * })
   */
  readonly tx: <DB>() => Transaction<DB>
  /** Runs a part of the handler whose result is kept, so that it is done once though the job is run again. */
  readonly step: Step
}

/**
 * What `enqueue` does when a job with the same name and key is unfinished.
 *
 * - `'skip'`: gives that one, also while it runs.
 * - `'again'`: gives the one that waits. Where one runs, or is under way (it has kept a step, and sleeps, waits for
 *   something or is tried again), makes one more, which runs when that has ended.
 * - `'replace'`: the one that waits gets the new payload, time, priority and queue; in a flow it goes on waiting for what
 *   comes before it. Where one runs, makes one more, as `again` does. One that was begun and waits (to be tried
 *   again, for the end of a sleep, or put back) keeps its payload: it is cancelled.
 * - `'debounce'`: as `'replace'`, and its time is put off to `delayMs` from now, up to `maxDelayMs` after the first.
 */
export type KeyConflict = 'skip' | 'replace' | 'debounce' | 'again'

/**
 * A kind of job, made by `defineJob`: `Input` is what is enqueued, `Output` what its handler gets, `Result`
 * what that returns. Methods, so that a `Job<X>` is a `Job<unknown>` too.
 */
export interface Job<Input = unknown, Output = Input, Result = unknown> {
  readonly name: string
  readonly queue: string
  readonly priority: number
  readonly attempts: number
  readonly timeoutMs: number
  readonly backoff: Backoff
  readonly mode: 'transactional' | undefined
  readonly schema: PayloadSchema | undefined
  /** What checks its result. */
  readonly result: PayloadSchema | undefined
  /** The version of its payloads. */
  readonly version: number
  readonly upgrade: Upgrade
  run(payload: Output, context: JobContext): Promise<Result>
  /** What its enqueueing does where its key is another's. */
  readonly onConflict: KeyConflict
  key(payload: Input): string | undefined
  /** How many jobs a call of its handler takes at the most; absent for a kind whose handler takes one. */
  readonly batchSize?: number
  /** Where its handler runs; absent for one that runs in the worker itself. */
  readonly isolated?: IsolatedKind
  /** Absent for a kind without limits. */
  readonly limits?: JobLimits
  tenant?(payload: Input): string | undefined
  /** Absent for a kind without tags. */
  tags?(payload: Input): readonly string[]
  /** Absent for a kind without groups. */
  group?(payload: Input): string | undefined
  shouldRetry(error: unknown, attempt: number): boolean
}
