import { request as httpRequest, type RequestOptions } from 'node:http'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { io, sleep } from '@yuzuru/concurrency'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { makers } from '../../test/makers.ts'
import { Telemetry } from '../../test/telemetry.ts'
import { serve } from '../listening/serve.ts'
import type { ServeOptions } from '../listening/serve-options.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import type { RequestLine } from './request-log.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'

const call = { boundary: 'db', operation: 'query', effect: 'read' } as const
const look = (): Promise<string> => io(call, undefined, async () => 'seen')

/** Serves one request, and gives what became of it once its scope has ended. */
async function watched(
  handler: () => Promise<Response>,
  options: RequestOptions = {},
  serveOptions: ServeOptions = {},
) {
  const telemetry = new Telemetry()
  onTestFinished(() => telemetry[Symbol.asyncDispose]())
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine) => void lines.push(line) }
  await using server = await serve(handler, { lingerMs: 0, log, ...serveOptions })
  const { port } = server
  const answer = await ask(server.url, options)
  await server.close()
  return { telemetry, answer, line: lines[0], port }
}

const hello = async (): Promise<Response> => new Response('hello')

describe('the trace of a request', () => {
  test('is a span of the server by the conventions of HTTP, without query, headers or ids', async () => {
    const { telemetry, port } = await watched(hello, {
      path: '/plans/4711?token=hunter2',
      headers: { cookie: 'sid=hunter2', authorization: 'Bearer hunter2', 'user-agent': 'hunter2' },
    })
    const [span] = telemetry.spans
    expect([span?.name, span?.kind]).toEqual(['GET /plans/:id', SpanKind.SERVER])
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/plans/:id',
      'network.protocol.version': '1.1',
      'server.address': '127.0.0.1',
      'server.port': port,
      'url.path': '/plans/:id',
      'url.scheme': 'http',
    })
    expect(span?.status.code).toBe(SpanStatusCode.UNSET)
    expect(span?.parentSpanContext).toBeUndefined()
  })

  test('has the caller’s span as its parent, and the log has the same trace', async () => {
    const { telemetry, line } = await watched(hello, {
      headers: { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'vendor=1' },
    })
    const [span] = telemetry.spans
    expect(span?.parentSpanContext).toMatchObject({
      traceId: TRACE,
      spanId: CALLER,
      isRemote: true,
    })
    expect(span?.spanContext().traceId).toBe(TRACE)
    expect(span?.spanContext().traceState?.serialize()).toBe('vendor=1')
    expect(line?.traceId).toBe(TRACE)
  })

  /** What is no `tracestate` as W3C Trace Context has it, and what is left of it. */
  const STATES: Readonly<Record<string, [string | string[], string | undefined]>> = {
    'two headers': [['a=1', 'b=2'], 'a=1,b=2'],
    'too long': [`a=${'x'.repeat(9_000)}`, ''],
    'a member that is none': ['a=1,nonsense,B=2,c=3', 'a=1,c=3'],
    'a key twice': ['a=1,a=2', expect.stringMatching(/^a=[12]$/) as never],
    empty: ['', expect.toBeOneOf([undefined, '']) as never],
  }

  test.each(Object.entries(STATES))(
    'has no tracestate that is none: %s',
    async (_what, [given, kept]) => {
      const { telemetry, answer, line } = await watched(hello, {
        headers: { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: given },
      })
      const span = telemetry.spans[0]
      expect([answer.status, line?.traceId, span?.parentSpanContext?.spanId]).toEqual([
        200,
        TRACE,
        CALLER,
      ])
      expect(span?.spanContext().traceState?.serialize()).toEqual(kept)
    },
  )

  test.each([
    ['two of them', [`00-${TRACE}-${CALLER}-01`, `00-${TRACE}-${CALLER}-01`]],
    ['one that is none', `ff-${TRACE}-${CALLER}-01`],
  ])('begins here where there is no parent to be told: %s', async (_what, traceparent) => {
    const headers = { traceparent, tracestate: 'vendor=1' }
    const { telemetry, answer, line } = await watched(hello, { headers })
    const span = telemetry.spans[0]
    expect([answer.status, span?.parentSpanContext]).toEqual([200, undefined])
    expect(line?.traceId).toBe(span?.spanContext().traceId)
    expect(line?.traceId).not.toBe(TRACE)
    // Without its parent the state means nothing (W3C Trace Context, 3.3.1).
    expect(span?.spanContext().traceState).toBe(undefined)
  })

  test('that begins here is the one that the log has', async () => {
    const { telemetry, line } = await watched(hello)
    expect(line?.traceId).toBe(telemetry.spans[0]?.spanContext().traceId)
  })

  test('is not recorded if the caller does not record it, nor are the calls of its handler', async () => {
    const headers = { traceparent: `00-${TRACE}-${CALLER}-00` }
    const { telemetry, line } = await watched(async () => new Response(await look()), { headers })
    expect(telemetry.spans).toEqual([])
    expect(line?.traceId).toBe(TRACE)
    expect((await telemetry.metric('http.server.request.duration')).points).toHaveLength(1)
  })

  test.each(Object.entries(makers))(
    'has the calls of the handler as its children, %s',
    async (_kind, make) => {
      await using telemetry = new Telemetry()
      await using server = await make(look, {})
      expect((await ask(server.url)).body).toBe('seen')
      await server.close()
      const [query, request] = telemetry.spans
      expect([query?.name, request?.name]).toEqual(['db.query', 'GET /'])
      expect(query?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId)
    },
  )

  test('says that the server failed, by the kind of its failure', async () => {
    const { telemetry } = await watched(() => Promise.reject(new TypeError('hunter2')))
    const [span] = telemetry.spans
    expect(span?.attributes).toMatchObject({
      'http.response.status_code': 500,
      'error.type': 'TypeError',
    })
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(span?.events).toEqual([])
  })

  test('takes a refusal for no failure of the server', async () => {
    const { telemetry } = await watched(() => Promise.reject(new HttpProblem(404, 'No plan')))
    const [span] = telemetry.spans
    expect(span?.status.code).toBe(SpanStatusCode.UNSET)
    expect(span?.attributes).not.toHaveProperty('error.type')
  })

  test('says that a request was shed, whose handler was not called', async () => {
    const budget = { header: 'x-budget', trust: () => true }
    const { telemetry } = await watched(hello, { headers: { 'x-budget': '0' } }, { budget })
    const [span] = telemetry.spans
    expect(span?.attributes).toMatchObject({
      'http.response.status_code': 504,
      'error.type': '504',
    })
  })

  test('says that a client left, which is no failure', async () => {
    await using telemetry = new Telemetry()
    const begun = Promise.withResolvers<void>()
    const handler = async (): Promise<Response> => {
      begun.resolve()
      await sleep(Infinity)
      return await hello()
    }
    await using server = await serve(handler, { lingerMs: 0 })
    const leaving = httpRequest(server.url, { agent: false })
    leaving.on('error', () => {}).end()
    await begun.promise
    leaving.destroy()
    await server.close()
    const [span] = telemetry.spans
    expect(span?.attributes).toMatchObject({ 'error.type': 'client_gone' })
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
    expect(span?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('calls a method that is not of HTTP’s own "_OTHER"', async () => {
    const { telemetry } = await watched(hello, { method: 'PROPFIND', path: '/files' })
    const [span] = telemetry.spans
    expect(span?.name).toBe('HTTP /files')
    expect(span?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    })
  })

  // `serve` refuses them.
  test.each(['a b', 'x/y', '<script>', '[::1', 'a:99999999'])(
    'shows no host that is none: %s',
    async (host) => {
      await using telemetry = new Telemetry()
      const server = await makers['requestScope, node:http']?.(async () => 'hello', {})
      await ask(server?.url ?? '', { headers: { host } })
      await server?.close()
      expect(telemetry.spans).toHaveLength(1)
      expect(telemetry.spans[0]?.attributes).not.toHaveProperty('server.address')
    },
  )
})

describe('the histogram http.server.request.duration', () => {
  test('has the route, the status and the kind of failure, in seconds and the conventions’ buckets', async () => {
    const { telemetry } = await watched(hello, { path: '/plans/4711' })
    const { unit, points } = await telemetry.metric('http.server.request.duration')
    expect(unit).toBe('s')
    expect(points).toMatchObject([{ value: { count: 1 } }])
    expect(points[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/plans/:id',
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    })
    expect(points[0]).toHaveProperty('value.buckets.boundaries.0', 0.005)
    expect(points[0]).toHaveProperty('value.buckets.boundaries.13', 10)
  })

  test('makes no series of each path that is guessed at', async () => {
    const { telemetry } = await watched(() => Promise.reject(new HttpProblem(404, 'Nothing')), {
      path: '/wp-login',
    })
    const { points } = await telemetry.metric('http.server.request.duration')
    expect(points[0]?.attributes).not.toHaveProperty(['http.route'])
  })
})
