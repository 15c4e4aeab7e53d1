import type { CronOrigin } from './origin.ts'

/**
 * What a handler knows of its job that runs in a thread or a process of its own. There is no database of the worker there: so
 * no `step`, `tx`, `completeIn`, `dependencies` or `snooze`.
 */
export interface IsolatedContext {
  /** The same for every attempt: use it as an idempotency key, a Message-ID, a row's id. */
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly attempts: number
  /** When it was enqueued, by the database's clock. */
  readonly enqueuedAt: Date
  /** The cron that made it, and for which time; `undefined` for a job that was enqueued otherwise. */
  readonly cron: CronOrigin | undefined
  /**
   * Fires on timeout, lost lease, `cancelJob` and shutdown. Everything of `@yuzuru/concurrency` obeys it by itself. A loop
   * that yields to nobody calls `throwIfCancelled()`, which sees it in a thread; in a process nothing reaches such a loop.
   * What has not ended after `graceMs` of the worker is killed.
   */
  readonly signal: AbortSignal
  /**
   * Says how far the job is, as `progress` of a `JobContext` does, also from a loop that yields to nobody.
   *
   * @throws {TypeError} when it is not JSON, or takes more than 16 KiB
   */
  readonly progress: (value: unknown) => void
}

/** What the module of a kind exports: `run` of `defineJob`, without what needs the worker's database. */
export type IsolatedHandler<Payload = never, Result = unknown> = (
  payload: Payload,
  context: IsolatedContext,
) => Result

/** What a thread or process is sent of a job beside its payload. */
export type IsolatedInfo = Pick<
  IsolatedContext,
  'jobId' | 'attempt' | 'attempts' | 'enqueuedAt' | 'cron'
>
