import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import type { App, NodeListener } from '../listening/app.ts'
import { serve } from '../listening/serve.ts'
import { requestScope } from './request-scope.ts'

/*
 * Frameworks that know nothing of deadlines: what a handler fails with is a 500 to them, the cancel of its request too.
 */

const WORDS = 'password=hunter2'

/** Waits until it is cancelled; then gives what it fails with to `answer`. */
const catching =
  (answer: (response: ServerResponse, message: string) => unknown) =>
  (begun: () => void): NodeListener =>
  async (_request: IncomingMessage, response: ServerResponse) => {
    begun()
    response.setHeader('x-own', 'a').setHeader('content-type', 'text/plain')
    await sleep(Infinity).catch((error: Error) => answer(response, `${error.message} ${WORDS}`))
  }

const MAKERS: Readonly<Record<string, (begun: () => void) => App | Promise<App>>> = {
  'a status and an end, as koa': catching((response, message) => {
    response.statusCode = 500
    response.setHeader('content-length', Buffer.byteLength(message))
    response.end(message)
  }),
  'a head and an end': catching((response, message) =>
    response.writeHead(500, { 'content-type': 'text/plain' }).end(message),
  ),
  'a head and a body in parts': catching(async (response, message) => {
    response.writeHead(500)
    await new Promise<void>((done) => void response.write(message, () => done()))
    await new Promise<void>((done) => void response.end(() => done()))
  }),
  'a status and a body in parts': catching((response, message) => {
    response.statusCode = 500
    response.write(message)
    response.end()
  }),
  'fastify, as it comes': async (begun) => {
    const app = fastify()
    app.get('/', async () => {
      begun()
      await sleep(Infinity)
    })
    await app.ready()
    return (request: IncomingMessage, response: ServerResponse) => app.routing(request, response)
  },
}

/** What a request is answered whose time is over, and what its log line says. */
async function late(make: (begun: () => void) => App | Promise<App>) {
  using clock = TestClock.install()
  const begun = Promise.withResolvers<void>()
  const statuses: number[] = []
  const log = { info: ({ status }: { status: number }): void => void statuses.push(status) }
  const app = await make(() => begun.resolve())
  await using server = await serve(app, { lingerMs: 0, maxRequestMs: 1_000, log })
  const answer = ask(server.url)
  await begun.promise
  await clock.advance(1_000)
  return { ...(await answer), statuses }
}

describe('a 500 that a framework makes of the end of its time', () => {
  test.each(Object.entries(MAKERS))('is a 504: %s', async (_what, make) => {
    const { status, headers, body, statuses } = await late(make)
    expect([status, headers['deadline-expired'], headers['x-own']]).toEqual([504, '?1', undefined])
    expect(JSON.parse(body)).toMatchObject({ code: 'deadline_expired', outcome: 'unknown' })
    expect(body).not.toContain('hunter2')
    expect(statuses).toEqual([504])
  })

  test('is a 503 at the end of the server', async () => {
    using _clock = TestClock.install()
    const begun = Promise.withResolvers<void>()
    const make = MAKERS['a status and an end, as koa'] as (begun: () => void) => App
    const server = await serve(
      make(() => begun.resolve()),
      { lingerMs: 0 },
    )
    const answer = ask(server.url)
    await begun.promise
    await server.close({ drainMs: 0 })
    const { status, body } = await answer
    expect([status, JSON.parse(body)]).toMatchObject([503, { code: 'closed', outcome: 'unknown' }])
  })

  test('is a 504 on a server that something else makes', async () => {
    using clock = TestClock.install()
    const begun = Promise.withResolvers<void>()
    const scope = requestScope({ maxRequestMs: 1_000 })
    const listener = (MAKERS['a status and an end, as koa'] as (begun: () => void) => NodeListener)(
      () => begun.resolve(),
    )
    const server = createServer((request, response) => {
      scope(request, response, () => listener(request, response))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const answer = ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await begun.promise
    await clock.advance(1_000)
    expect((await answer).status).toBe(504)
    await scope.close()
  })
})

test.each<[string, (response: ServerResponse) => unknown]>([
  ['an end', (response) => response.end('late')],
  ['a head', (response) => response.writeHead(200).end('late')],
  ['parts', (response) => (response.write('la'), response.end('te'))],
])('any other answer behind the end of its time is sent as it is: %s', async (_what, answer) => {
  const { status, headers, body } = await late(catching(answer))
  expect([status, headers['x-own'], body]).toEqual([200, 'a', 'late'])
})
