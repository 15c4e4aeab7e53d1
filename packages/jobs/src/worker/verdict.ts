import { Cancelled } from '@yuzuru/concurrency'
import { backoffDelay } from '../job/backoff.ts'
import type { Job } from '../job/job.ts'
import { mayHelp } from '../job/may-help.ts'
import { keptError } from '../job/kept-error.ts'
import type { Settlement } from '../engine/settle.ts'

/** Why a worker ended a handler before its time; `'asleep'`: it sleeps, and nothing else. */
export type StopCause = 'shutdown' | 'cancelled' | 'lost' | 'asleep'

/** How an attempt failed. */
export interface FailedAttempt {
  readonly job: Job
  readonly attempt: number
  readonly attempts: number
  /** How often an attempt at it was given back for a `Cancelled` before. */
  readonly returns?: number
  readonly error: unknown
  /** The job's payload, as JSON: no secret of it is kept with the error. */
  readonly payload?: string
  /** Set when the worker itself had ended the handler. */
  readonly stopped: StopCause | undefined
}

/** How often a `Cancelled` gives an attempt back, for one job. From then on it uses one up, as any error does. */
export const MOST_RETURNS = 10

/** Decides what becomes of a job after an attempt that did not succeed. */
export function verdictOn({
  job,
  attempt,
  attempts,
  returns = 0,
  error,
  payload,
  stopped,
}: FailedAttempt): Settlement {
  // Whatever it threw, it threw it because we cut it short.
  if (stopped === 'shutdown') return { to: 'waiting', refund: true }
  if (stopped === 'cancelled') return { to: 'cancelled', error: keptError(error, payload) }
  // A cancel from elsewhere does not count as a failure either, but must not make a hot loop, nor go on for
  // ever: a handler that always ends like that has failed.
  if (Cancelled.isInstance(error) && returns < MOST_RETURNS) {
    return { to: 'waiting', refund: true, counted: true, delayMs: delayAfter(job, attempt, error) }
  }
  if (attempt >= attempts || !worthRetrying(job, attempt, error)) {
    return { to: 'failed', error: keptError(error, payload) }
  }
  return {
    to: 'waiting',
    delayMs: delayAfter(job, attempt, error),
    error: keptError(error, payload),
  }
}

/** A policy that throws is passed over: the job's own error must not be lost to it. */
function worthRetrying(job: Job, attempt: number, error: unknown): boolean {
  try {
    return job.shouldRetry(error, attempt)
  } catch {
    return mayHelp(error)
  }
}

function delayAfter(job: Job, attempt: number, error: unknown): number {
  try {
    return backoffDelay(job.backoff, attempt, error)
  } catch {
    return backoffDelay({}, attempt, error)
  }
}
