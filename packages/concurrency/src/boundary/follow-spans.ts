import type { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import type { Span } from '@opentelemetry/api'

/** A span that others may become children of. */
export interface Running {
  readonly span: Span
  /** What was active when it began: an inner call is its child unless that has changed meanwhile. */
  readonly within: Span | undefined
  readonly startedAt: number
}

/** Of durations, in seconds, as the semantic conventions of HTTP and of messaging have them. */
export const BOUNDARIES: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/**
 * Has a span around each event of a tracing channel, which is `innermost` for what happens within. What began before
 * anybody listened has none.
 *
 * @returns what ends it
 */
export function followSpans<Event extends object>(
  name: string,
  innermost: AsyncLocalStorage<Running>,
  follow: {
    readonly begin: (event: Event) => Running
    readonly end: (event: Event, begun: Running) => void
  },
): () => void {
  const running = new WeakMap<object, Running>()
  const begin = (event: Event): Running => {
    const begun = follow.begin(event)
    running.set(event, begun)
    return begun
  }
  const end = (message: unknown): void => {
    const event = message as Event
    const begun = running.get(event)
    if (begun !== undefined) follow.end(event, begun)
  }
  const channel = tracingChannel<Event, Running>(name)
  channel.start.bindStore(innermost, begin)
  channel.asyncEnd.subscribe(end)
  return () => {
    channel.start.unbindStore(innermost)
    channel.asyncEnd.unsubscribe(end)
  }
}
