import type { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  type Attributes,
  type Context,
  context,
  createTraceState,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import { errorKind } from './io-error-kind.ts'
import type { RequestEvent, RequestParent } from './request-trace.ts'

/** A span that others may become children of. */
export interface Running {
  readonly span: Span
  /** What was active when it began: an inner call is its child unless that has changed meanwhile. */
  readonly within: Span | undefined
  readonly startedAt: number
}

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/ (`http.request.method`) */
const METHODS: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE'.split(' '),
)

/** Of an answer that the client did not wait for, in place of a status. */
const CLIENT_GONE = 'client_gone'

/**
 * Reports the requests that the process serves, by the semantic conventions of HTTP servers.
 *
 * @param innermost the span around the caller: the request's, in its handler
 * @returns what ends it
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
export function reportRequests(
  tracer: Tracer,
  meter: Meter,
  innermost: AsyncLocalStorage<Running>,
): () => void {
  const duration = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'Duration of HTTP server requests.',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const running = new WeakMap<object, Running>()

  const begin = (event: RequestEvent): Running => {
    const within = trace.getActiveSpan()
    const attributes = { ...commonOf(event), ...spanAttributesOf(event) }
    const options = { kind: SpanKind.SERVER, attributes }
    const span = tracer.startSpan(spanNameOf(event), options, around(event.parent, within))
    const { traceId, traceFlags } = span.spanContext()
    event.trace = { traceId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
    const begun = { span, within, startedAt: performance.now() }
    running.set(event, begun)
    return begun
  }
  const end = (message: unknown): void => {
    const event = message as RequestEvent
    const begun = running.get(event)
    // It began before anybody listened.
    if (begun === undefined) return
    const result = resultOf(event)
    begun.span.setAttributes({ ...result, ...routeOf(event) })
    if (event.status !== undefined && event.status >= 500) {
      begun.span.setStatus({ code: SpanStatusCode.ERROR })
    }
    begun.span.end()
    const seconds = (performance.now() - begun.startedAt) / 1_000
    // Whoever guesses at paths must not make a time series of each.
    const route = event.status === 404 ? {} : routeOf(event)
    duration.record(seconds, { ...commonOf(event), ...result, ...route })
  }

  const channel = tracingChannel<RequestEvent, Running>('yuzuru:request')
  channel.start.bindStore(innermost, begin)
  channel.asyncEnd.subscribe(end)
  return () => {
    channel.start.unbindStore(innermost)
    channel.asyncEnd.unsubscribe(end)
  }
}

/** A span that is active already (of an instrumentation of Node's own server) knows its own parent. */
function around(parent: RequestParent | undefined, within: Span | undefined): Context {
  const active = context.active()
  if (within !== undefined || parent === undefined) return active
  const { traceId, spanId, sampled, state } = parent
  return trace.setSpanContext(active, {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  })
}

function spanNameOf({ name, method }: RequestEvent): string {
  return !METHODS.has(method) && name.startsWith(`${method} `)
    ? `HTTP${name.slice(method.length)}`
    : name
}

function commonOf({ method, scheme, protocolVersion }: RequestEvent): Attributes {
  return {
    'http.request.method': METHODS.has(method) ? method : '_OTHER',
    'url.scheme': scheme,
    'network.protocol.version': protocolVersion,
  }
}

function spanAttributesOf({ method, path, host }: RequestEvent): Attributes {
  const { address, port } =
    /^(?<address>[\w.-]{1,255}|\[[\da-fA-F:.]+\])(?::(?<port>\d{1,5}))?$/.exec(host ?? '')
      ?.groups ?? {}
  return {
    'url.path': path,
    ...(METHODS.has(method) ? {} : { 'http.request.method_original': method }),
    ...(address === undefined ? {} : { 'server.address': address }),
    ...(port === undefined ? {} : { 'server.port': Number(port) }),
  }
}

/** The route, where the name has one: a program may name its requests as it likes. */
function routeOf({ name, method }: RequestEvent): Attributes {
  const route = name.startsWith(`${method} /`) ? name.slice(method.length + 1) : undefined
  return route === undefined ? {} : { 'http.route': route }
}

function resultOf({ status, error }: RequestEvent): Attributes {
  if (status === undefined) return { 'error.type': CLIENT_GONE }
  const kind = error === undefined ? `${status}` : errorKind(error)
  return {
    'http.response.status_code': status,
    ...(status >= 500 ? { 'error.type': kind } : {}),
  }
}
