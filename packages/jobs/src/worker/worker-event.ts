import { keptError } from '../job/kept-error.ts'
import type { RecoveredJob } from './recover.ts'

/** The attempt that an event is about. */
export interface AttemptInfo {
  readonly jobId: string
  readonly name: string
  /** 1 for the first. */
  readonly attempt: number
}

/**
 * What a worker reports of its work. Errors are the handlers' own, not redacted.
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

/**
 * Calls `onEvent` so that nothing which comes of it reaches the worker: what it throws, or what the promise
 * of an `async` one rejects with, becomes a warning of the process.
 */
export function emitter(onEvent: (event: WorkerEvent) => void): (event: WorkerEvent) => void {
  return (event) => {
    Promise.try(onEvent, event).catch((error: unknown) => {
      process.emitWarning(`onEvent failed: ${keptError(error).message}`, 'WorkerEventWarning')
    })
  }
}
