import type { RecoveredJob } from './recover.ts'

/** The attempt that an event is about. */
export interface AttemptInfo {
  readonly jobId: string
  readonly name: string
  /** 1 for the first. */
  readonly attempt: number
}

/**
 * What a worker tells of its work. Errors are the handlers' own, not redacted.
 *
 * - `started`, `completed`.
 * - `retrying`: the attempt failed, another follows in `delayMs`.
 * - `failed`: it failed for good.
 * - `cancelled`: `cancelJob` asked for it.
 * - `returned`: it was cut short by a shutdown or let a `Cancelled` pass; the attempt is given back.
 * - `lost`: another worker has, or may have, taken it over.
 * - `recovered`: a job came back whose worker had vanished.
 * - `error`: the worker itself had trouble with the database, and goes on.
 */
export type WorkerEvent =
  | ({ readonly type: 'started' | 'completed' | 'cancelled' | 'lost' } & AttemptInfo)
  | ({ readonly type: 'retrying'; readonly error: unknown; readonly delayMs: number } & AttemptInfo)
  | ({ readonly type: 'failed'; readonly error: unknown } & AttemptInfo)
  | ({ readonly type: 'returned'; readonly error: unknown } & AttemptInfo)
  | { readonly type: 'recovered'; readonly job: RecoveredJob }
  | {
      readonly type: 'error'
      readonly operation: 'claim' | 'heartbeat' | 'recover' | 'settle' | 'listen'
      readonly error: unknown
    }
