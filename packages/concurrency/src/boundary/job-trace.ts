import { tracingChannel } from 'node:diagnostics_channel'
import { inForeground } from './background.ts'
import type { RequestParent } from './request-trace.ts'

/** What the subscribers of `tracing:yuzuru:enqueue:*` get of jobs that are enqueued together: one object from start to end. */
export interface EnqueueEvent {
  readonly queue: string
  /** The kind of the jobs. */
  readonly name: string
  /** How many. */
  readonly count: number
  /** The id of the job, where there is one only. */
  readonly jobId: string | undefined
  /** Set by what traces it, before the jobs are written: kept with them, as a `traceparent`. */
  trace?: string | undefined
  /** Set before `asyncEnd` when it failed. */
  error?: unknown
}

/** What the subscribers of `tracing:yuzuru:job:*` get of an attempt at a job: one object from start to end. */
export interface JobEvent {
  readonly queue: string
  /** The kind of the job. */
  readonly name: string
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  /** How long the job has been due, in milliseconds. */
  readonly waitedMs: number
  /** The span that enqueued it. */
  readonly origin: RequestParent | undefined
  /** What the handler threw; set before `asyncEnd`. */
  error?: unknown
}

/** What the subscribers of `yuzuru:job-stats` get: how one lane of a queue stands. */
export interface LaneEvent {
  readonly queue: string
  /** The kind of the jobs. */
  readonly name: string
  readonly due: number
  readonly later: number
  readonly running: number
  /** How long the oldest has been due, in milliseconds. */
  readonly oldestDueMs: number
}

const enqueues = tracingChannel<EnqueueEvent>('yuzuru:enqueue')
const jobs = tracingChannel<JobEvent>('yuzuru:job')
const calls = tracingChannel('yuzuru:io')

/** Whether a handler is to be called through {@link traceJob}: something traces jobs, or the calls of handlers. */
export function isJobTraced(): boolean {
  return jobs.hasSubscribers || calls.hasSubscribers
}

/**
 * Calls `write` with what is to be kept with the jobs: the `traceparent` of the span that enqueues them, or
 * `undefined` where nobody traces.
 */
export async function traceEnqueue<T>(
  about: () => Omit<EnqueueEvent, 'trace' | 'error'>,
  write: (traceparent: string | undefined) => Promise<T>,
): Promise<T> {
  if (!enqueues.hasSubscribers) return await write(undefined)
  const event: EnqueueEvent = { ...about() }
  return await published(enqueues, event, () => write(event.trace))
}

/**
 * Calls the handler of a job, in the stores that subscribers bound to the channel. It is no longer in the
 * background: see `inBackground`.
 */
export async function traceJob(event: JobEvent, handle: () => Promise<void>): Promise<void> {
  await inForeground(() => (jobs.hasSubscribers ? published(jobs, event, handle) : handle()))
}

async function published<E extends { error?: unknown }, T>(
  channel: ReturnType<typeof tracingChannel<E>>,
  event: E,
  fn: () => Promise<T>,
): Promise<T> {
  try {
    return await channel.start.runStores(event, () => {
      const called = fn()
      channel.end.publish(event)
      return called
    })
  } catch (error) {
    event.error = error
    channel.error.publish(event)
    throw error
  } finally {
    channel.asyncStart.publish(event)
    channel.asyncEnd.publish(event)
  }
}
