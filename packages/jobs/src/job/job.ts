import type { Transaction } from 'kysely'
import type { Backoff } from './backoff.ts'
import type { CronOrigin } from './origin.ts'
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
   * @throws {TypeError} unless `tx` is a transaction
   * @throws {JobError} `'lease_lost'` when the job is no longer this worker's: let it roll back
   */
  readonly completeIn: <DB>(tx: Transaction<DB>) => Promise<void>
  /** Runs a part of the handler whose result is kept, so that it is done once though the job is run again. */
  readonly step: Step
}

/**
 * A kind of job, made by `defineJob`: `Input` is what is enqueued, `Output` what its handler gets. Methods, so
 * that a `Job<X>` is a `Job<unknown>` too.
 */
export interface Job<Input = unknown, Output = Input> {
  readonly name: string
  readonly queue: string
  readonly priority: number
  readonly attempts: number
  readonly timeoutMs: number
  readonly backoff: Backoff
  readonly schema: PayloadSchema | undefined
  /** The version of its payloads. */
  readonly version: number
  readonly upgrade: Upgrade
  run(payload: Output, context: JobContext): Promise<void>
  key(payload: Input): string | undefined
  shouldRetry(error: unknown, attempt: number): boolean
}
