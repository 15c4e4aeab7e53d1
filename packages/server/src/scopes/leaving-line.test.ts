import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { sleep } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { serve } from '../listening/serve.ts'
import { afterResponse, currentRequest } from '../request/current-request.ts'
import type { RequestLine } from '../request/request-log.ts'

test('a request whose client leaves while it waits for its turn is never begun', async () => {
  const begun: string[] = []
  const go = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  const lines: RequestLine[] = []
  const log = { info: (line: RequestLine): void => void lines.push(line) }
  const app = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    begun.push(request.url ?? '')
    first.resolve()
    await go.promise
    response.end()
  }
  await using server = await serve(app, { lingerMs: 0, limit: 1, log })
  const answer = ask(`${server.url}/first`)
  await first.promise
  const waiting = connect(server.port, '127.0.0.1')
  waiting.write('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n')
  while (server.active < 2) await turn()
  waiting.destroy()
  while (server.active > 1) await turn()
  go.resolve()
  await answer
  // The turn is free again, and was given to nobody.
  expect((await ask(`${server.url}/last`)).status).toBe(200)
  await server.close()
  expect(begun).toEqual(['/first', '/last'])
  expect(lines.map(({ status, route }) => [status, route])).toEqual([
    [499, 'GET /gone'],
    [200, 'GET /first'],
    [200, 'GET /last'],
  ])
})

test('what outlives its request has its id, and can no longer add work to it', async () => {
  const ids: (string | undefined)[] = []
  let later: ((fn: () => void) => void) | undefined
  const app = async (): Promise<Response> => {
    later = AsyncLocalStorage.snapshot()
    ids.push(currentRequest()?.id)
    return new Response('ok')
  }
  const server = await serve(app, { lingerMs: 0 })
  await ask(server.url)
  await server.close()
  later?.(() => {
    ids.push(currentRequest()?.id)
    expect(() => afterResponse(() => {})).toThrow(
      'Expected afterResponse to be called before its request has ended',
    )
  })
  expect(ids[1]).toBe(ids[0])
})

test('requests of one connection share nothing that one of them has entered', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const app = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push([request.url, storage.getStore(), currentRequest()?.name])
    storage.enterWith(request.url ?? '')
    await new Promise((resolve) => void setImmediate(resolve))
    response.end()
  }
  await using server = await serve(app, { lingerMs: 0 })
  const get = (path: string, last = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${last}\r\n`
  await rawExchange(server.port, get('/a') + get('/b') + get('/c', 'Connection: close\r\n'))
  expect(seen).toEqual(['/a', '/b', '/c'].map((path) => [path, undefined, `GET ${path}`]))
})

test('a client that ends its side has gone, as for nginx and Go: the system says the same of both', async () => {
  const begun = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<unknown>()
  const app = async (): Promise<Response> => {
    begun.resolve()
    await sleep(Infinity).catch(ended.resolve)
    return new Response('late')
  }
  await using server = await serve(app, { lingerMs: 0 })
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await begun.promise
  socket.end()
  expect(await ended.promise).toMatchObject({ name: 'Cancelled' })
  socket.destroy()
})

test('pipelined requests are all cancelled when their client leaves', async () => {
  const ended: Promise<unknown>[] = []
  const app = (): Promise<Response> => {
    const end = sleep(Infinity).catch((error: unknown) => error)
    ended.push(end)
    return end.then(() => new Response())
  }
  await using server = await serve(app, { lingerMs: 0 })
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3))
  while (server.active < 3) await turn()
  socket.destroy()
  expect(await Promise.all(ended)).toMatchObject(ended.map(() => ({ name: 'Cancelled' })))
})

test('a client that sends its whole request and ends its side at once is answered if nothing waits', async () => {
  await using server = await serve((): Response => new Response('ok'), { lingerMs: 0 })
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'end')
  expect(statusesIn(Buffer.concat(chunks).toString())).toEqual([200])
})

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
