import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { serve } from '../listening/serve.ts'
import type { ServeOptions } from '../listening/serve-options.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import type { RequestLine } from '../request/request-log.ts'

afterEach(() => vi.restoreAllMocks())

const boom = (): never => {
  throw new RangeError('password=hunter2')
}

/** Throws a proxy that was revoked: whoever looks at it throws. */
const unreadable = (): never => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  throw proxy
}

const FAULTS: Readonly<Record<string, ServeOptions>> = {
  'name throws': { name: boom },
  'name returns nothing': { name: (() => undefined) as never },
  'priority throws': { priority: boom },
  'priority returns what is none': { priority: (() => 'urgent') as never },
  'budget.trust gives a promise': {
    budget: { header: 'x-budget', trust: (async () => true) as never },
  },
  'budget.trust gives a promise that fails': {
    budget: { header: 'x-budget', trust: (async () => boom()) as never },
  },
  'name gives a promise that fails': { name: (async () => boom()) as never },
  'priority gives a promise that fails': { priority: (async () => boom()) as never },
  'limits.maxBodyBytes gives a promise that fails': {
    limits: { maxBodyBytes: (async () => boom()) as never },
  },
  'budget.trust throws': { budget: { header: 'x-budget', trust: boom } },
}

describe('a function of the program that fails', () => {
  test.each(Object.entries(FAULTS))(
    'costs its request a 500, and begins nothing: %s',
    async (_what, options) => {
      const unhandled: unknown[] = []
      const note = (error: unknown): void => void unhandled.push(error)
      process.on('unhandledRejection', note)
      onTestFinished(() => void process.off('unhandledRejection', note))
      const lines: RequestLine[] = []
      const log = { info: (line: RequestLine) => void lines.push(line) }
      const handler = vi.fn(async (): Promise<Response> => new Response('ok'))
      await using server = await serve(handler, { lingerMs: 0, log, ...options })
      const sent = { method: 'POST', headers: { 'x-budget': '1' }, body: '{}' }
      const answer = await fetch(`${server.url}/plans`, sent)
      expect([answer.status, await answer.text()]).toEqual([
        500,
        expect.not.stringContaining('hunter2'),
      ])
      await server.close()
      expect(handler).not.toHaveBeenCalled()
      expect(lines).toMatchObject([{ status: 500, route: 'POST /plans', err: expect.any(Error) }])
      expect(unhandled).toEqual([])
    },
  )

  test.each<[string, () => unknown]>([
    ['throws', boom],
    ['gives a promise that fails', async () => boom()],
    ['throws what cannot be read', unreadable],
  ])('a log that %s is warned of without its words, and the server goes on', async (_how, info) => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    await using server = await serve(async (): Promise<Response> => new Response('ok'), {
      lingerMs: 0,
      log: { info },
    })
    expect((await fetch(server.url)).status).toBe(200)
    expect((await fetch(server.url)).status).toBe(200)
    await server.close()
    expect(warn.mock.calls[0]).toEqual([
      expect.stringMatching(/^log.info failed: (?:RangeError|object)$/),
      'RequestLogWarning',
    ])
  })

  test('an answer that cannot be written cuts its connection, and closing does not wait for it', async () => {
    const lines: RequestLine[] = []
    const log = { info: (line: RequestLine) => void lines.push(line) }
    const handler = (_request: IncomingMessage, response: ServerResponse): never => {
      response.writeHead = boom
      throw new HttpProblem(400, 'x')
    }
    await using server = await serve(handler, { lingerMs: 0, log })
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
    await server.close()
    expect(lines).toMatchObject([{ err: { name: 'RangeError' } }])
  })
})

describe('a client that does not take its answer', () => {
  const stalled = async (options: ServeOptions) => {
    const clock = TestClock.install()
    onTestFinished(() => clock[Symbol.dispose]())
    const ended = Promise.withResolvers<Socket>()
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      ended.resolve(request.socket)
      // More than the buffers of the system hold.
      response.end(Buffer.alloc(2 ** 25))
    }
    const server = await serve(handler, { lingerMs: 0, graceMs: 0, ...options })
    const socket = connect(server.port, '127.0.0.1')
      .on('error', () => {})
      .pause()
    onTestFinished(() => void socket.destroy())
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const connection = await ended.promise
    return { server, clock, connection }
  }

  test('is cut when its time is over', async () => {
    const { server, clock, connection } = await stalled({ maxRequestMs: 1_000 })
    const closed = once(connection, 'close')
    await clock.advance(1_000)
    await closed
    await server.close()
    expect(server.active).toBe(0)
  })

  test('has a problem’s answer, and keeps its connection, when its handler failed', async () => {
    const fail = (): Promise<Response> => Promise.reject(new HttpProblem(404, 'x'))
    await using server = await serve({ fetch: fail }, { lingerMs: 0 })
    const sockets = new Set<Socket>()
    server.client.on('connection', (socket: Socket) => sockets.add(socket))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    for (let turn = 0; turn < 5; turn += 1) {
      const [answer] = (await once(get(server.url, { agent }), 'response')) as [IncomingMessage]
      expect([answer.statusCode, await json(answer)]).toEqual([404, expect.anything()])
    }
    expect(sockets.size).toBe(1)
  })

  test('is cut when the server ends', async () => {
    const { server } = await stalled({ maxRequestMs: Infinity })
    await server.close({ drainMs: 0 })
    expect(server.active).toBe(0)
  })
})
