import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Cancelled, IoError, sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Elysia } from 'elysia'
import { H3, HTTPError } from 'h3'
import { AutoRouter, type IttyRouterType, Router } from 'itty-router'
import Koa, { type Middleware } from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import type { App } from '../listening/app.ts'
import { serve } from '../listening/serve.ts'
import type { ServeOptions } from '../listening/serve-options.ts'
import { problem } from '../problems/problem.ts'
import { writeProblem } from '../problems/write-problem.ts'
import type { RequestLine } from '../request/request-log.ts'

/*
 * Frameworks for which there is no entry: `serve` takes them as they are. Each has the same small app.
 */

/** What the routes of the app do. */
interface Routes {
  /** `GET /plans/:id`: the plan as JSON. */
  readonly plan: (id: string) => Promise<object>
  /** `GET /lines`: a body that comes in parts. */
  readonly lines: () => ReadableStream<Uint8Array>
  /** `POST /plans`: the body, as it came. */
  readonly echo: (body: string) => string
}

interface Framework {
  readonly appOf: (routes: Routes) => App
  /** The app without a handler of errors; absent where that shows the client their messages. */
  readonly bareAppOf?: (routes: Routes) => App
}

const accept = (request: Request): string | null => request.headers.get('accept')
const plain = { headers: { 'content-type': 'text/plain' } }

function ittyRoutes(router: IttyRouterType, { plan, lines, echo }: Routes): App {
  router.get('/plans/:id', async ({ params }) => Response.json(await plan(params['id'] as string)))
  router.get('/lines', () => new Response(lines(), plain))
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- It is no router of express.
  router.post('/plans', async (request) => new Response(echo(await request.text()), plain))
  return router
}

function h3Routes(app: H3, { plan, lines, echo }: Routes): App {
  app.get('/plans/:id', async ({ context }) => await plan(context.params?.['id'] ?? ''))
  app.get('/lines', () => new Response(lines(), plain))
  app.post('/plans', async ({ req }) => new Response(echo(await req.text()), plain))
  return app
}

function koaRoutes(app: Koa, { plan, lines, echo }: Routes): App {
  app.use(async (c) => {
    if (c.method === 'POST') c.body = echo(await text(c.req))
    else if (c.path === '/lines') Object.assign(c, { type: 'text/plain', body: lines() })
    else c.body = await plan(c.path.replace('/plans/', ''))
  })
  // Its own handler of this event prints the error.
  app.on('error', () => {})
  const listener = app.callback()
  return (request: IncomingMessage, response: ServerResponse) => listener(request, response)
}

const koaProblems: Middleware = (c, next) =>
  next().catch((error: unknown) => {
    c.respond = false
    writeProblem(error, c.req, c.res)
  })

const frameworks: Readonly<Record<string, Framework>> = {
  'itty-router’s Router': {
    appOf: (routes) =>
      ittyRoutes(Router({ catch: (error, request) => problem(error, accept(request)) }), routes),
    bareAppOf: (routes) => ittyRoutes(Router(), routes),
  },
  'itty-router’s AutoRouter': {
    appOf: (routes) =>
      ittyRoutes(
        AutoRouter({ catch: (error, request) => problem(error, accept(request)) }),
        routes,
      ),
  },
  h3: {
    appOf: (routes) =>
      h3Routes(
        new H3({
          silent: true,
          // It gives what a handler threw as the cause of an error of its own.
          onError: (error, { req }) =>
            problem(HTTPError.isError(error) ? (error.cause ?? error) : error, accept(req)),
        }),
        routes,
      ),
    bareAppOf: (routes) => h3Routes(new H3({ silent: true }), routes),
  },
  elysia: {
    appOf: ({ plan, lines, echo }) =>
      new Elysia()
        .onError(({ error, request }) => problem(error, accept(request)))
        .get('/plans/:id', async ({ params }) => await plan(params.id))
        .get('/lines', () => new Response(lines(), plain))
        .post('/plans', async ({ request }) => new Response(echo(await request.text()), plain), {
          parse: 'none',
        }),
  },
  koa: {
    appOf: (routes) => koaRoutes(new Koa().use(koaProblems), routes),
    bareAppOf: (routes) => koaRoutes(new Koa(), routes),
  },
}

const nothing: Routes = {
  plan: async () => ({}),
  lines: () => new ReadableStream({ start: (controller) => controller.close() }),
  echo: (body) => body,
}

async function started(app: App, options: ServeOptions = {}) {
  const logged = Promise.withResolvers<RequestLine>()
  const log = { info: logged.resolve }
  const server = await serve(app, { lingerMs: 0, log, ...options })
  onTestFinished(() => server.close({ drainMs: 0 }))
  return { url: server.url, line: logged.promise }
}

/** A plan that is waited for without an end. */
function endless() {
  const begun = Promise.withResolvers<void>()
  const saw = Promise.withResolvers<unknown>()
  const plan = async (): Promise<object> => {
    begun.resolve()
    await sleep(Infinity).catch(saw.resolve)
    throw await saw.promise
  }
  return { begun: begun.promise, saw: saw.promise, routes: { ...nothing, plan } }
}

describe.each(Object.entries(frameworks))('serve, %s:', (_name, { appOf, bareAppOf }) => {
  test('an answer of JSON', async () => {
    const { url, line } = await started(appOf({ ...nothing, plan: async (id) => ({ id }) }))
    const { status, headers, body } = await ask(`${url}/plans/42?secret=hunter2`)
    expect([status, headers['content-type']]).toEqual([
      200,
      expect.stringContaining('application/json'),
    ])
    expect(JSON.parse(body)).toEqual({ id: '42' })
    expect(await line).toMatchObject({ route: 'GET /plans/:id', status: 200 })
  })

  test('an answer that comes in parts', async () => {
    const first = Promise.withResolvers<void>()
    const lines = (): ReadableStream<Uint8Array> =>
      ReadableStream.from(
        (async function* () {
          yield Buffer.from('one\n')
          // The second part waits until the first is at the client.
          await first.promise
          yield Buffer.from('two\n')
        })(),
      )
    const { url } = await started(appOf({ ...nothing, lines }))
    const sent = httpRequest(`${url}/lines`, { agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const part of response) {
      body += String(part)
      first.resolve()
    }
    expect([response.statusCode, body]).toEqual([200, 'one\ntwo\n'])
  })

  const both = [
    ['with problem', appOf],
    ['as it comes', bareAppOf ?? appOf],
  ] as const

  test.each(both)('a deadline cancels the handler, and is a 504: %s', async (_how, make) => {
    using clock = TestClock.install()
    const { begun, saw, routes } = endless()
    const { url, line } = await started(make(routes), { maxRequestMs: 1_000 })
    const answer = ask(`${url}/plans/42`)
    await begun
    await clock.advance(1_000)
    expect(Cancelled.isInstance(await saw)).toBe(true)
    const { status, headers, body } = await answer
    expect([status, headers['deadline-expired']]).toEqual([504, '?1'])
    expect(JSON.parse(body)).toMatchObject({ code: 'deadline_expired', retryable: true })
    expect((await line).status).toBe(504)
  })

  test('a client that leaves cancels the handler', async () => {
    const { begun, saw, routes } = endless()
    const { url, line } = await started(appOf(routes))
    const leaving = httpRequest(`${url}/plans/42`, { agent: false })
    leaving.on('error', () => {}).end()
    await begun
    leaving.destroy()
    const error = await saw
    expect(Cancelled.isInstance(error)).toBe(true)
    expect((error as Error).message).toBe('the client has gone')
    expect((await line).status).toBe(499)
  })

  test.each(both)('no word of a failure leaves: %s', async (_how, make) => {
    const plan = async (): Promise<object> => {
      throw new TypeError('password=hunter2')
    }
    const { url, line } = await started(make({ ...nothing, plan }))
    const answer = await ask(`${url}/plans/42`, { headers: { 'x-request-id': 'r-1' } })
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer)).not.toContain('hunter2')
    expect(await line).toMatchObject({ requestId: 'r-1', status: 500 })
  })

  test('a failure behind it says whether it may have happened', async () => {
    const plan = async (): Promise<object> => {
      const about = { boundary: 'db', operation: 'insert', code: 'connection_lost' }
      throw new IoError('the host db-7', { ...about, retryable: true, outcome: 'unknown' })
    }
    const { url } = await started(appOf({ ...nothing, plan }))
    const { status, body } = await ask(`${url}/plans/42`)
    expect(status).toBe(503)
    expect(JSON.parse(body)).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
    expect(body).not.toContain('db-7')
  })

  test('a body that fits is read', async () => {
    const { url } = await started(appOf(nothing), { limits: { maxBodyBytes: 16 } })
    const { status, body } = await ask(`${url}/plans`, { method: 'POST' }, 'a plan')
    expect([status, body]).toEqual([200, 'a plan'])
  })

  describe.each([
    ['that says its length', {}],
    ['that comes in chunks', { 'transfer-encoding': 'chunked' }],
  ])('a longer body %s', (_what, headers) => {
    test.each(both)('is a 413: %s', async (_how, make) => {
      const { url, line } = await started(make(nothing), { limits: { maxBodyBytes: 16 } })
      const post = { method: 'POST', headers }
      const { status } = await ask(`${url}/plans`, post, 'a plan'.repeat(100))
      expect(status).toBe(413)
      expect((await line).status).toBe(413)
    })
  })
})
