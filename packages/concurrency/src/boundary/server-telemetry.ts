import type { AsyncLocalStorage } from 'node:async_hooks'
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
import { BOUNDARIES, followSpans, type Running } from './follow-spans.ts'
import { errorKind } from './io-error-kind.ts'
import type { RequestEvent, RequestParent } from './request-trace.ts'

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
  const begin = (event: RequestEvent): Running => {
    const within = trace.getActiveSpan()
    const attributes = { ...commonOf(event), ...spanAttributesOf(event) }
    const options = { kind: SpanKind.SERVER, attributes }
    const span = tracer.startSpan(spanNameOf(event), options, around(event.parent, within))
    const { traceId, traceFlags } = span.spanContext()
    event.trace = { traceId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
    return { span, within, startedAt: performance.now() }
  }
  const end = (event: RequestEvent, begun: Running): void => {
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
  return followSpans('yuzuru:request', innermost, { begin, end })
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
