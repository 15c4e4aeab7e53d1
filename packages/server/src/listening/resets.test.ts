import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { sleep } from '@yuzuru/concurrency'
import { describe, expect, onTestFinished, test } from 'vitest'
import { requestScope } from '../scopes/request-scope.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`
const CONNECT = 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** What a client has sent when it resets its connection. */
const STATES: Readonly<Record<string, string>> = {
  nothing: '',
  'half a head': 'GET / HTTP/1.1\r\nHo',
  'a request': get('/slow'),
  'a request that is answered': get('/'),
  'one whose answer is on its way': get('/stream'),
  'requests behind a slow one': get('/slow').repeat(3),
  'half a body': 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n012',
  'half a body that is refused':
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n012',
  'an expectation':
    'POST /slow HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
  'an expectation that is not met': get('/', 'Expect: tea\r\n'),
  'what is no request': 'nonsense\r\n\r\n',
  'what is no request, behind a slow one': `${get('/slow')}nonsense\r\n\r\n`,
  'a tunnel': CONNECT,
  'a tunnel with a body': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n012',
  'a tunnel behind slow requests': `${get('/slow').repeat(3)}${CONNECT}`,
  'an upgrade': get('/chat', UPGRADE),
  'an upgrade with half a body': `POST /chat HTTP/1.1\r\nHost: a\r\n${UPGRADE}Content-Length: 9\r\n\r\n012`,
  'an upgrade behind slow requests': `${get('/slow').repeat(3)}${get('/chat', UPGRADE)}`,
}

async function app({ url }: Request): Promise<Response> {
  if (url.endsWith('/slow')) await sleep(Infinity)
  if (!url.endsWith('/stream')) return new Response('ok')
  const body = new ReadableStream({
    async pull(controller) {
      await setImmediate()
      controller.enqueue(Buffer.alloc(100_000))
    },
  })
  return new Response(body)
}

/** What would have ended the process, until the end of the test. */
function uncaught(): readonly unknown[] {
  const seen: unknown[] = []
  const note = (error: unknown): void => void seen.push(error)
  process.on('uncaughtExceptionMonitor', note)
  onTestFinished(() => void process.off('uncaughtExceptionMonitor', note))
  return seen
}

async function connected({ client, port }: HttpServer): Promise<[client: Socket, server: Socket]> {
  const accepted = once(client, 'connection') as Promise<[Socket]>
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(
    socket.on('error', () => {}),
    'connect',
  )
  return [socket, (await accepted)[0]]
}

describe.each(['at once', 'once it was read'])(
  'a client that resets its connection, %s',
  (when) => {
    test.each(Object.entries(STATES))(
      'ends neither the process nor leaves anything behind: %s',
      async (_what, bytes) => {
        const errors = uncaught()
        const server = await serve(app, { lingerMs: 0, maxRequestMs: Infinity, limit: 2 })
        // It takes the connection, and does nothing with it.
        server.client.on('upgrade', () => {})
        const [socket, taken] = await connected(server)
        const closed = once(taken, 'close').catch(() => {})
        if (bytes !== '') await new Promise((resolve) => void socket.write(bytes, resolve))
        if (when !== 'at once') {
          while (taken.bytesRead < bytes.length) await setImmediate()
          for (let turn = 0; turn < 5; turn += 1) await setImmediate()
        }
        socket.resetAndDestroy()
        await closed
        for (let turn = 0; turn < 100 && server.active > 0; turn += 1) await setImmediate()
        expect(server.active).toBe(0)
        const answer = await fetch(server.url, { headers: { connection: 'close' } })
        expect(await answer.text()).toBe('ok')
        await server.close()
        expect(errors).toEqual([])
      },
    )
  },
)

test('on a server that something else makes, what waits behind a slow request ends with its connection', async () => {
  const scope = requestScope({ maxRequestMs: Infinity, limit: 1 })
  const listener = async (): Promise<void> => await sleep(Infinity)
  const server = createServer((request, response) => scope(request, response, listener))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  // Node cuts the connection at that, and leaves the answers that wait.
  socket.write(`${get('/slow').repeat(3)}${CONNECT}`)
  await once(socket.resume(), 'close')
  for (let turn = 0; turn < 100 && scope.active > 0; turn += 1) await setImmediate()
  expect(scope.active).toBe(0)
  server.close()
  await scope.close()
})

describe('an upgrade that is asked for while an answer is owed', () => {
  test('is none: what was begun is answered, and so is the request', async () => {
    const go = Promise.withResolvers<Response>()
    const handler = async ({ url }: Request): Promise<Response> =>
      url.endsWith('/first') ? await go.promise : new Response('no chat')
    const server = await serve(handler, { lingerMs: 0 })
    let upgrades = 0
    server.client.on('upgrade', (_request, socket) => {
      upgrades += 1
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    })
    const [socket, taken] = await connected(server)
    let answers = ''
    socket.on('data', (data: Buffer) => (answers += data.toString()))
    const bytes = `${get('/first')}${get('/chat', UPGRADE)}`
    socket.write(bytes)
    while (taken.bytesRead < bytes.length) await setImmediate()
    go.resolve(new Response('first'))
    while (!answers.includes('no chat')) await setImmediate()
    expect(answers.indexOf('first')).toBeLessThan(answers.indexOf('no chat'))
    const closed = once(socket, 'close')
    socket.end(get('/chat', UPGRADE))
    await closed
    expect(upgrades).toBe(1)
    await server.close()
  })
})

test('a connection that cannot be taken is warned of, and ends nothing', async () => {
  const warnings: string[] = []
  const note = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const server = await serve(app, { lingerMs: 0 })
  // As Node's `onconnection` does, when the system has no file descriptor left, say.
  server.client.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  expect((await fetch(server.url, { headers: { connection: 'close' } })).status).toBe(200)
  await server.close()
  await setImmediate()
  expect(warnings).toEqual(['AcceptWarning: accept EMFILE'])
})
