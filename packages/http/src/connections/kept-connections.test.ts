import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { cancelScope } from '@yuzuru/concurrency'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import type { HttpInit } from '../request/http-init.ts'

/*
 * What goes wrong with connections that are kept, after the reports about undici, got, axios and ky: a
 * server that closes one just when it is used again, that answers what nobody asked, or before all is sent.
 */

type Step = (socket: Socket, request: string) => unknown

let server: Server
let http: Http
let heads: string[]
let connections: number
const sockets = new Set<Socket>()

/** What each connection does with each request that comes over it, by their numbers. */
let plan: readonly (readonly Step[])[]

beforeEach(async () => {
  heads = []
  connections = 0
  server = createServer((socket) => {
    const steps = plan[Math.min(connections, plan.length - 1)] ?? []
    connections += 1
    sockets.add(socket)
    let count = 0
    let text = ''
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      const request = text
      text = ''
      heads.push(request.slice(0, request.indexOf('\r\n')))
      steps[Math.min(count, steps.length - 1)]?.(socket, request)
      count += 1
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  http = createHttp({
    origin: `http://127.0.0.1:${port}`,
    connections: 1,
    retry: { baseDelayMs: 0 },
  })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const ok: Step = (socket) => socket.write(OK)
const reset: Step = (socket) => socket.resetAndDestroy()
const drop: Step = (socket) => socket.end()

const POST: HttpInit = { method: 'POST', body: 'x' }

describe.each([
  ['reset', reset],
  ['closed', drop],
])('a kept connection that is %s when it is used again', (_name, fail) => {
  test('costs a GET a second attempt', async () => {
    plan = [[ok, fail], [ok]]
    await http.request('/first')
    await setImmediate()
    expect(await (await http.request('/second')).text()).toBe('ok')
    expect(heads).toEqual(['GET /first HTTP/1.1', 'GET /second HTTP/1.1', 'GET /second HTTP/1.1'])
  })

  test('leaves the outcome of a POST unknown, and it is sent once', async () => {
    plan = [[ok, fail], [ok]]
    await http.request('/first')
    await setImmediate()
    await expect(http.request('/second', POST)).rejects.toMatchObject({
      code: 'connection_lost',
      outcome: 'unknown',
    })
    expect(heads).toHaveLength(2)
  })

  test('costs a POST with a key a second attempt', async () => {
    plan = [[ok, fail], [ok]]
    await http.request('/first')
    await http.request('/second', { ...POST, idempotencyKey: 'k' })
    expect(heads).toHaveLength(3)
  })
})

test('a connection that was closed while nobody used it is not used again, not even by a POST', async () => {
  plan = [[(socket) => socket.end(OK)], [ok]]
  await http.request('/first')
  await expect.poll(() => sockets.size).toBe(0)
  await http.request('/second', POST)
  expect(heads).toHaveLength(2)
  expect(connections).toBe(2)
})

test('a server that closes after each answer without saying so costs no request', async () => {
  plan = [[(socket) => socket.end(OK)]]
  for (let count = 0; count < 20; count += 1) {
    await http.request('/', POST)
    await expect.poll(() => sockets.size).toBe(0)
  }
  expect(heads).toHaveLength(20)
})

test('an answer that nobody asked for is not taken for that of the next request', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
  plan = [[(socket) => socket.write(OK + evil)], [ok]]
  for (const init of [{}, POST, {}]) {
    expect(await (await http.request('/', init)).text()).toBe('ok')
  }
})

test('a body after an answer that has none is not taken for the next answer', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
  plan = [[(socket) => socket.write(`HTTP/1.1 204 No Content\r\n\r\n${evil}`)], [ok]]
  expect((await http.request('/')).status).toBe(204)
  expect(await (await http.request('/')).text()).toBe('ok')
})

test('an answer that comes before the request is whole is taken, and the connection not used again', async () => {
  plan = [[(socket) => socket.write('HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n')], [ok]]
  const gate = Promise.withResolvers<void>()
  const body = async function* (): AsyncGenerator<string> {
    yield 'begin'
    await gate.promise
    yield 'end'
  }
  await expect(http.request('/', { method: 'POST', body })).rejects.toMatchObject({
    status: 409,
    outcome: 'none',
  })
  gate.resolve()
  expect(await (await http.request('/')).text()).toBe('ok')
  expect(connections).toBe(2)
})

test('a success that comes before the request is whole is a success', async () => {
  plan = [[ok]]
  const body = async function* (): AsyncGenerator<string> {
    yield 'begin'
    await new Promise(() => undefined)
  }
  expect((await http.request('/', { method: 'POST', body })).status).toBe(200)
})

test('a request that is cancelled in the middle of its body ends its connection: nobody reads a torn one', async () => {
  const begun = Promise.withResolvers<void>()
  plan = [[() => begun.resolve()], [ok]]
  const body = async function* (): AsyncGenerator<string> {
    yield 'begin'
    await new Promise(() => undefined)
  }
  const call = cancelScope(async (scope) => {
    const pending = http.request('/', { method: 'PUT', body })
    await begun.promise
    scope.cancel()
    await pending
  })
  await expect(call).rejects.toMatchObject({ name: 'Cancelled' })
  expect(await (await http.request('/')).text()).toBe('ok')
  expect(connections).toBe(2)
})

test('a hundred requests that are cancelled leave the pool able to work', async () => {
  plan = [[() => undefined]]
  for (let count = 0; count < 100; count += 1) {
    const call = cancelScope(async (scope) => {
      const pending = http.request('/', POST)
      while (heads.length <= count) await setImmediate()
      scope.cancel()
      await pending
    })
    await expect(call).rejects.toMatchObject({ name: 'Cancelled' })
  }
  expect(http.stats()).toMatchObject({ active: 0, origins: [{ running: 0, queued: 0 }] })
  plan = [[ok]]
  expect(await (await http.request('/')).text()).toBe('ok')
})

test('an answer that breaks off is no success of a call that takes any status', async () => {
  plan = [[(socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nhalf')]]
  const call = http.request('/', { ...POST, acceptStatus: () => true })
  await expect(call).rejects.toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
})
