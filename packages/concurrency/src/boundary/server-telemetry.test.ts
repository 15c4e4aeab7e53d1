import { tracingChannel } from 'node:diagnostics_channel'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Telemetry } from '../../test/telemetry.ts'
import { io, IoError } from '../index.ts'
import type { RequestEvent } from './request-trace.ts'

const channel = tracingChannel<RequestEvent>('yuzuru:request')

let telemetry: Telemetry
beforeEach(() => {
  telemetry = new Telemetry()
})
afterEach(() => telemetry[Symbol.asyncDispose]())

const plain: RequestEvent = {
  name: 'GET /plans/:id',
  method: 'GET',
  path: '/plans/:id',
  scheme: 'http',
  host: 'plans.example.jp:8443',
  protocolVersion: '1.1',
  parent: undefined,
}

/** Has a request begin, call its handler and end, as a server publishes it. */
async function served(
  about: Partial<RequestEvent>,
  result: Pick<RequestEvent, 'status' | 'error'>,
  handler: () => unknown = () => undefined,
): Promise<Telemetry['spans'][number] | undefined> {
  const event = { ...plain, ...about }
  await channel.start.runStores(event, async () => await handler())
  Object.assign(event, result)
  channel.asyncEnd.publish(event)
  return telemetry.spans.find(({ name }) => name !== 'db.query')
}

async function attributesOfPoints(): Promise<unknown[]> {
  const points = await telemetry.points('http.server.request.duration')
  return points.map(({ attributes }) => attributes)
}

const down = new IoError('The database is down', {
  boundary: 'db',
  operation: 'query',
  code: 'connection_failed',
  retryable: true,
  outcome: 'none',
})

describe('a request that is served', () => {
  test.each<[string, Partial<RequestEvent>, Pick<RequestEvent, 'status' | 'error'>, object]>([
    ['an answer', {}, { status: 200 }, { 'http.response.status_code': 200 }],
    ['a client’s mistake', {}, { status: 422 }, { 'http.response.status_code': 422 }],
    ['a failure', {}, { status: 502 }, { 'error.type': '502' }],
    ['a failure with its kind', {}, { status: 503, error: down }, { 'http.route': '/plans/:id' }],
    ['a client that left', {}, {}, { 'error.type': 'client_gone' }],
    [
      'a name of the program’s own',
      { name: 'the plan' },
      { status: 200 },
      { 'url.path': '/plans/:id' },
    ],
    ['https', { scheme: 'https' }, { status: 200 }, { 'url.scheme': 'https' }],
    ['a host and a port', {}, { status: 200 }, { 'server.port': 8443 }],
    ['an address', { host: '[::1]' }, { status: 200 }, { 'server.address': '[::1]' }],
    [
      'a method of its own',
      { method: 'BREW', name: 'BREW /plans/:id' },
      { status: 200 },
      { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' },
    ],
  ])('has the attributes of %s', async (_what, about, result, expected) => {
    const span = await served(about, result)
    expect(span?.attributes).toMatchObject(expected)
    const isFailure = (result.status ?? 0) >= 500
    const code = isFailure ? SpanStatusCode.ERROR : SpanStatusCode.UNSET
    expect(span?.status.code).toBe(code)
    expect(await attributesOfPoints()).toHaveLength(1)
  })

  test.each([undefined, '', 'a b', 'x'.repeat(300), 'host:port'])(
    'says nothing of a host that is none: %j',
    async (host) => {
      const span = await served({ host }, { status: 200 })
      expect(span?.attributes).not.toHaveProperty('server.address')
      expect(span?.attributes).not.toHaveProperty('server.port')
    },
  )

  test('is a child of its caller’s span, and parent of the calls of its handler', async () => {
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: 'k=v' }
    const call = { boundary: 'db', operation: 'query', effect: 'read' } as const
    const span = await served({ parent }, { status: 200 }, () => io(call, {}, async () => 1))
    expect(span?.spanContext().traceId).toBe(parent.traceId)
    expect(span?.parentSpanContext).toMatchObject({ spanId: parent.spanId, isRemote: true })
    const inner = telemetry.spans.find(({ name }) => name === 'db.query')
    expect(inner?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId)
  })

  test('that its caller does not record is not recorded', async () => {
    const parent = {
      traceId: 'c'.repeat(32),
      spanId: 'd'.repeat(16),
      sampled: false,
      state: undefined,
    }
    expect(await served({ parent }, { status: 200 })).toBeUndefined()
  })

  test('of which nobody heard the beginning has no end', async () => {
    channel.asyncEnd.publish({ ...plain, status: 200 })
    expect(telemetry.spans).toEqual([])
    expect(await attributesOfPoints()).toEqual([])
  })

  test('at a path that is not there makes no series of its own', async () => {
    await served({ name: 'GET /guess/1', path: '/guess/1' }, { status: 404 })
    const [attributes] = await attributesOfPoints()
    expect(attributes).not.toHaveProperty('http.route')
  })

  test('is heard of no more once the subscription has ended', async () => {
    telemetry.stop()
    expect(await served({}, { status: 200 })).toBeUndefined()
    expect(trace.getActiveSpan()).toBeUndefined()
  })
})
