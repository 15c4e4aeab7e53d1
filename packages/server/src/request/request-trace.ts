import { tracingChannel } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestEvent, RequestParent } from '@yuzuru/concurrency/boundary'
import { routeName } from './route-name.ts'
import { traceContextOf, type TraceContext } from './trace-context.ts'

/** What is published of a request. */
interface Traced {
  readonly name: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Which trace it belongs to: that of what traces it, if something does. */
  trace: TraceContext
  readonly failure: unknown
}

/**
 * Node's tracing channel `yuzuru:request`: `start` with the head of the request, `asyncStart` and `asyncEnd`
 * when its answer has left or its client has. No header, query or body is published: they may be secret.
 */
const channel = tracingChannel<RequestEvent>('yuzuru:request')

/** Whether something listens to the channel. */
export function isTraced(): boolean {
  return channel.hasSubscribers
}

/** Calls `fn`, in the stores that subscribers bound to the channel, and publishes the end of the answer. */
export function callTraced(life: Traced, fn: () => void): void {
  const event = eventOf(life)
  life.response.once('close', () => {
    event.status = life.response.headersSent ? life.response.statusCode : undefined
    if (life.failure !== undefined) event.error = life.failure
    channel.asyncStart.publish(event)
    channel.asyncEnd.publish(event)
  })
  channel.start.runStores(event, () => {
    if (event.trace !== undefined) life.trace = { ...life.trace, ...event.trace }
    fn()
    channel.end.publish(event)
  })
}

function eventOf({ name, request }: Traced): RequestEvent {
  const { method = '', url = '', httpVersion, headers, socket } = request
  return {
    name,
    method,
    path: routeName('', url).trim(),
    scheme: 'encrypted' in socket ? 'https' : 'http',
    host: headers.host,
    protocolVersion: httpVersion,
    parent: parentOf(headers['traceparent']?.toString(), headers['tracestate']?.toString()),
  }
}

function parentOf(
  traceparent: string | undefined,
  state: string | undefined,
): RequestParent | undefined {
  const { traceId, parentId, sampled } = traceContextOf(traceparent)
  return parentId === undefined ? undefined : { traceId, spanId: parentId, sampled, state }
}
