import type { Transaction } from 'kysely'
import type { JobContext } from './job.ts'

/** One job of a batch. What its handler does not settle is completed when that returns, and fails when it throws. */
export interface BatchItem<Payload, Result = void> {
  readonly payload: Payload
  /** The same for every attempt. */
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly attempts: number
  /** Fires when this one is to end: its timeout, `cancelJob`, a lost lease, the shutdown. */
  readonly signal: AbortSignal
  /**
   * Completes this job, whatever becomes of the rest; in a transaction with the rest, at its COMMIT. Only the first of
   * `complete` and `fail` counts.
   */
  readonly complete: (result: Result) => void
  /**
   * Fails this attempt, as a handler that throws `error`. A transaction rolls back then, when the handler has ended, and
   * the rest is done again without this one.
   */
  readonly fail: (error: unknown) => void
}

/** What the handler of a batch knows beside its jobs. */
export interface BatchContext {
  /**
   * The transaction that a handler of `mode: 'transactional'` runs in, and that completes all of its jobs at its end. Not
   * to be used after the handler.
   *
   * @throws {TypeError} unless the job has that mode
   */
  readonly tx: <DB>() => Transaction<DB>
}

/** Does the work of a batch. */
export type BatchHandler<Payload, Result> = (
  items: readonly BatchItem<Payload, Result>[],
  context: BatchContext,
) => Promise<void>

/** A job that has been put into a batch. Only the first of `resolve` and `reject` counts. */
export interface Member<Payload, Result> {
  readonly payload: Payload
  readonly context: JobContext
  readonly signal: AbortSignal
  isSettled: boolean
  /** Called when it is settled while its batch runs. */
  onSettled: (() => void) | undefined
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** A member as its handler sees it. */
export function itemOf<Payload, Result>(
  { payload, context, signal }: Member<Payload, Result>,
  settle: Pick<BatchItem<Payload, Result>, 'complete' | 'fail'>,
): BatchItem<Payload, Result> {
  const { jobId, attempt, attempts } = context
  return { payload, jobId, attempt, attempts, signal, ...settle }
}
