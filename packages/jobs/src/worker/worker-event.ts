import type { Fired, Firing } from '../cron/fire.ts'
import { keptError } from '../job/kept-error.ts'
import type { RecoveredJob } from '../engine/give-back.ts'
import type { ClaimedJob } from '../engine/lease.ts'
import type { Settlement } from '../engine/settle.ts'
import type { JobState } from '../job/job-state.ts'
import type { StopCause } from './verdict.ts'

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
 * - `sleeping`: its handler sleeps, and is run again in `delayMs`; no attempt is used.
 * - `snoozed`: its handler gave it back, for about `delayMs`.
 * - `lost`: another worker has, or may have, taken it over.
 * - `recovered`: a job came back whose worker had vanished.
 * - `blocked`: the event loop stood still for so long, more than half a lease, and with it the heartbeats.
 * - `fired`: a time of a cron had come, and has its job; `created` is `false` where an unfinished job with the same
 *   key stands for it.
 * - `missed`: times of a cron up to `at` were missed, and its policy makes no jobs for them.
 * - `error`: the worker itself had trouble with the database, and goes on.
 */
export type WorkerEvent =
  | ({ readonly type: 'started' | 'completed' | 'cancelled' | 'lost' } & AttemptInfo)
  | ({ readonly type: 'retrying'; readonly error: unknown; readonly delayMs: number } & AttemptInfo)
  | ({ readonly type: 'sleeping'; readonly delayMs: number } & AttemptInfo)
  | ({ readonly type: 'snoozed'; readonly delayMs: number } & AttemptInfo)
  | ({ readonly type: 'failed'; readonly error: unknown } & AttemptInfo)
  | ({ readonly type: 'returned'; readonly error: unknown } & AttemptInfo)
  | { readonly type: 'blocked'; readonly forMs: number }
  | { readonly type: 'recovered'; readonly job: RecoveredJob }
  | ({ readonly type: 'fired'; readonly cron: string } & Firing)
  | { readonly type: 'missed'; readonly cron: string; readonly at: Date }
  | {
      readonly type: 'error'
      readonly operation:
        | 'claim'
        | 'heartbeat'
        | 'recover'
        | 'settle'
        | 'listen'
        | 'cron'
        | 'vacuum'
      readonly error: unknown
    }

/** What came of a cron that was due. */
export function cronEvents({ cron, firings, skipped }: Fired): WorkerEvent[] {
  const missed: WorkerEvent[] = skipped === undefined ? [] : [{ type: 'missed', cron, at: skipped }]
  return [...missed, ...firings.map((firing): WorkerEvent => ({ type: 'fired', cron, ...firing }))]
}

/** The attempt that is about to begin. */
export function startedEvent(claimed: ClaimedJob): WorkerEvent {
  return { type: 'started', ...infoOf(claimed) }
}

/** How an attempt ended. */
interface EndedAttempt {
  readonly settlement: Settlement
  readonly error?: unknown
  readonly stopped?: StopCause | undefined
}

/** What a settled attempt is to those who watch; `state` is what became of the job, if it was still ours. */
export function eventOf(
  { claimed }: { readonly claimed: ClaimedJob },
  { settlement, error, stopped }: EndedAttempt,
  state: JobState | undefined,
): WorkerEvent {
  const info = infoOf(claimed)
  if (state === undefined || state === 'running') return { type: 'lost', ...info }
  if (state === 'failed') return { type: 'failed', error, ...info }
  if (state !== 'waiting') return { type: state, ...info }
  const { delayMs = 0 } = settlement
  if (stopped === 'asleep') return { type: 'sleeping', delayMs, ...info }
  if (settlement.snoozed === true) return { type: 'snoozed', delayMs, ...info }
  if (settlement.refund === true) return { type: 'returned', error, ...info }
  return { type: 'retrying', error, delayMs, ...info }
}

function infoOf({ id, name, attempt }: ClaimedJob): AttemptInfo {
  return { jobId: id, name, attempt }
}

/**
 * Calls each of `listeners` so that nothing which comes of it reaches the worker: what it throws, or what the
 * promise of an `async` one rejects with, becomes a warning of the process.
 *
 * @param listeners by the name of the option; those that were not given are left out
 */
export function emitter(
  listeners: Readonly<Record<string, ((event: WorkerEvent) => unknown) | undefined>>,
): (event: WorkerEvent) => void {
  const calls = Object.entries(listeners).flatMap(([option, listener]) =>
    listener === undefined ? [] : [guarded(option, listener)],
  )
  const [only] = calls
  if (only === undefined) return () => undefined
  if (calls.length === 1) return only
  return (event) => {
    for (const call of calls) call(event)
  }
}

function guarded(
  option: string,
  listener: (event: WorkerEvent) => unknown,
): (event: WorkerEvent) => void {
  const warn = (error: unknown): void => {
    process.emitWarning(`${option} failed: ${keptError(error).message}`, 'WorkerEventWarning')
  }
  return (event) => {
    try {
      const result = listener(event)
      // What is no promise needs none: there are two events for each job.
      if (typeof result === 'object' && result !== null) Promise.resolve(result).catch(warn)
    } catch (error) {
      warn(error)
    }
  }
}
