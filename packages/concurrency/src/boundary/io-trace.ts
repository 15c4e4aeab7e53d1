import { tracingChannel } from 'node:diagnostics_channel'
import type { Effect } from '../scopes/outcome.ts'

/** What the subscribers of `tracing:yuzuru:io:*` get: the same object from start to end. */
export interface IoEvent {
  readonly boundary: string
  readonly operation: string
  readonly effect: Effect
  /** Set before `error` and `asyncStart` when the call failed. */
  error?: unknown
}

/**
 * Node's tracing channel `yuzuru:io`: `start`, `end`, `error`, `asyncStart`, `asyncEnd`. Results are not
 * published: they may be secret.
 */
const channel = tracingChannel<IoEvent>('yuzuru:io')

/** What is published about a call; nothing while there is no subscriber. */
export function openSpan({
  boundary,
  operation,
  effect,
}: Omit<IoEvent, 'error'>): IoEvent | undefined {
  return channel.hasSubscribers ? { boundary, operation, effect } : undefined
}

/** Calls `fn`, in the stores that subscribers bound to the channel. */
export function startInSpan<T>(span: IoEvent, fn: () => T): T {
  return channel.start.runStores(span, () => {
    const started = fn()
    channel.end.publish(span)
    return started
  })
}

export function failSpan(span: IoEvent, error: unknown): void {
  span.error = error
  channel.error.publish(span)
}

export function closeSpan(span: IoEvent): void {
  channel.asyncStart.publish(span)
  channel.asyncEnd.publish(span)
}
