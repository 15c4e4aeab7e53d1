import { tracingChannel } from 'node:diagnostics_channel'
import type { Effect } from './outcome.ts'

/** What the subscribers of `tracing:yuzuru:io:*` get: the same object from start to end. */
export interface IoEvent {
  readonly boundary: string
  readonly operation: string
  readonly effect: Effect
  /** Set before `error` and `asyncStart` when the call failed. */
  error?: unknown
}

const channel = tracingChannel<IoEvent>('yuzuru:io')

/**
 * Publishes the start and the end of `fn` on Node's tracing channel `yuzuru:io`
 * (`start`, `end`, `error`, `asyncStart`, `asyncEnd`). Results are not published: they may be secret.
 */
export async function traceIo<T>(event: IoEvent, fn: () => Promise<T>): Promise<T> {
  if (!channel.hasSubscribers) return await fn()
  const running = channel.start.runStores(event, () => {
    const promise = fn()
    channel.end.publish(event)
    return promise
  })
  try {
    return await running
  } catch (error) {
    event.error = error
    channel.error.publish(event)
    throw error
  } finally {
    channel.asyncStart.publish(event)
    channel.asyncEnd.publish(event)
  }
}
