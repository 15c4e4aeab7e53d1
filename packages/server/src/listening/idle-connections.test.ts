import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { currentRequest } from '../request/current-request.ts'
import type { App } from './app.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'
import type { WireLimits } from './serve-options.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const APPS: Readonly<Record<string, App>> = {
  'at once': (_request: IncomingMessage, response: ServerResponse) => response.end('done'),
  'after a wait': async (_request: IncomingMessage, response: ServerResponse) => {
    await setImmediate()
    response.end('done')
  },
  'by fetch': async () => new Response('done'),
}

async function serving(app: App, limits: WireLimits): Promise<HttpServer> {
  const server = await serve(app, { lingerMs: 0, limits })
  // What Node adds to the time that it tells a client.
  server.client.keepAliveTimeoutBuffer = 0
  onTestFinished(() => server.close({ drainMs: 0 }))
  return server
}

const done = APPS['by fetch'] as App

describe('an idle connection', () => {
  test.each(Object.entries(APPS))(
    'keeps nothing of a request that was answered %s',
    async (_what, app) => {
      const server = await serving(app, { idleTimeoutMs: 1 })
      const around: unknown[] = []
      server.client.on('connection', (socket) => {
        // In the context that the timer of the idle connection keeps.
        socket.once('timeout', () => around.push(currentRequest()?.name))
      })
      // Ends as the timer does: the client keeps the connection.
      expect(await rawExchange(server.port, GET)).toMatch(/done/)
      expect(around).toEqual([undefined])
    },
  )

  test.each([
    ['line breaks', '\r\n'],
    ['half a line break', '\r'],
  ])('is not kept by %s, however often they come', async (_what, bytes) => {
    const server = await serving(done, { idleTimeoutMs: 20, headersTimeoutMs: 40 })
    const socket = connect(server.port, '127.0.0.1')
    let answers = ''
    socket.on('error', () => {}).on('data', (data: Buffer) => (answers += data.toString()))
    // It may be cut while more is on its way.
    const closed = new Promise((resolve) => void socket.once('close', resolve))
    socket.write(GET)
    const drip = setInterval(() => socket.write(bytes), 2)
    onTestFinished(() => clearInterval(drip))
    await closed
    expect(statusesIn(answers)).toEqual([200])
  })

  test('has the time of a head, once that has begun', async () => {
    const server = await serving(done, { idleTimeoutMs: 20, headersTimeoutMs: 60_000 })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(GET)
    await once(socket, 'data')
    socket.write(GET.slice(0, 20))
    await new Promise((resolve) => void setTimeout(resolve, 100))
    socket.write(GET.slice(20))
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(statusesIn(data.toString())).toEqual([200])
    socket.destroy()
  })

  test('that is used again is not cut while its request takes longer', async () => {
    let wait = false
    const app = async (): Promise<Response> => {
      if (wait) await new Promise((resolve) => void setTimeout(resolve, 100))
      return new Response('done')
    }
    const server = await serving(app, { idleTimeoutMs: 20 })
    const socket = connect(server.port, '127.0.0.1')
    for (wait of [false, true, true]) {
      socket.write(GET)
      const [data] = (await once(socket, 'data')) as [Buffer]
      expect(statusesIn(data.toString())).toEqual([200])
    }
    await once(socket.resume(), 'close')
  })

  test('is looked at by one timer, which ends when there is none', async () => {
    const set = vi.spyOn(globalThis, 'setInterval')
    const cleared = vi.spyOn(globalThis, 'clearInterval')
    onTestFinished(() => void vi.restoreAllMocks())
    const server = await serving(done, { idleTimeoutMs: 20 })
    const sockets: Socket[] = Array.from({ length: 10 }, () => connect(server.port, '127.0.0.1'))
    for (const socket of sockets) socket.write(GET)
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')))
    expect(set).toHaveBeenCalledTimes(1)
    await vi.waitFor(() => expect(cleared).toHaveBeenCalledWith(set.mock.results[0]?.value))
  })
})

test('a time limit that a handler sets on its request is its own', async () => {
  const timeouts: string[] = []
  const app = (request: IncomingMessage, response: ServerResponse): void => {
    request.setTimeout(5)
    response.on('timeout', () => {
      timeouts.push('timeout')
      response.end('late')
    })
  }
  const server = await serving(app, { idleTimeoutMs: 20 })
  // The second has no timer of the first.
  expect(await rawExchange(server.port, GET)).toMatch(/late$/)
  expect(timeouts).toEqual(['timeout'])
})
