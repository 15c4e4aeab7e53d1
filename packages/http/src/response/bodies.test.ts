import { AsyncLocalStorage } from 'node:async_hooks'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { cancelScope } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import type { HttpInit } from '../request/http-init.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  // Some tests address other ports.
  http = createHttp({ origin: server.url, allowedOrigins: 'any', connections: 4 })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

const MEGABYTE = 'x'.repeat(1024 * 1024)

describe('the body of a request', () => {
  const bodies: readonly [string, () => HttpInit['body'], string][] = [
    ['a string', () => '支援', '支援'],
    ['an empty string', () => '', ''],
    ['bytes', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['a buffer', () => new TextEncoder().encode('buffer').buffer, 'buffer'],
    ['a form', () => new URLSearchParams({ a: 'b c' }), 'a=b+c'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['a Node stream', () => Readable.from(['no', 'de']), 'node'],
    ['a web stream', () => new Blob(['web']).stream(), 'web'],
    ['a function', () => async () => await Promise.resolve('made'), 'made'],
    ['a long string', () => MEGABYTE, MEGABYTE],
    ['long bytes', () => Buffer.from(MEGABYTE), MEGABYTE],
  ]
  test.each(bodies)('may be %s', async (_name, body, expected) => {
    server.reply({})
    await http.request('/', { method: 'PUT', body: body() ?? '' })
    expect(server.requests[0]?.body.toString() === expected).toBe(true)
  })

  test('that is long and known has a content length', async () => {
    server.reply({}, {})
    await http.request('/', { method: 'PUT', body: Buffer.from(MEGABYTE) })
    await http.request('/', { method: 'PUT', body: new Blob(['blob'], { type: 'text/plain' }) })
    expect(server.requests[0]?.headers).toMatchObject({ 'content-length': '1048576' })
    expect(server.requests[1]?.headers).toMatchObject({
      'content-length': '4',
      'content-type': 'text/plain',
    })
  })

  test('that is a stream waits for a server that does not read', async () => {
    const sockets: Socket[] = []
    const deaf = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket))
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const { port } = deaf.address() as AddressInfo
    const pulled: number[] = []
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        pulled.push(1)
        yield new Uint8Array(256 * 1024)
      }
    }
    await cancelScope(async (scope) => {
      const call = http.request(`http://127.0.0.1:${port}/`, { method: 'PUT', body })
      let before = -1
      while (pulled.length === 0 || pulled.length !== before) {
        before = pulled.length
        for (let turn = 0; turn < 100; turn += 1) await setImmediate()
      }
      // What the system buffers, and no more.
      expect(pulled.length).toBeLessThan(200)
      scope.cancel('seen enough')
      await expect(call).rejects.toMatchObject({ name: 'Cancelled' })
    })
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => deaf.close(resolve))
  })

  test('is given up when the answer comes before its end', async () => {
    const hasty = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n'))
    })
    await new Promise<void>((resolve) => hasty.listen(0, '127.0.0.1', resolve))
    const { port } = hasty.address() as AddressInfo
    const body = new Readable({ read: () => undefined })
    body.push('begin')
    const call = http.request(`http://127.0.0.1:${port}/`, { method: 'PUT', body })
    await expect(call).rejects.toMatchObject({ status: 413, outcome: 'none' })
    expect(body.destroyed).toBe(true)
    await http.close()
    await new Promise((resolve) => hasty.close(resolve))
  })

  test('is pulled in the context of its caller, whoever freed the connection', async () => {
    const one = createHttp({ origin: server.url, connections: 1 })
    const storage = new AsyncLocalStorage<string>()
    const gate = Promise.withResolvers<void>()
    server.reply({ after: gate.promise }, {})
    const seen: (string | undefined)[] = []
    const body = async function* (): AsyncGenerator<string> {
      seen.push(storage.getStore())
      yield 'a'
      seen.push(storage.getStore())
    }
    const first = storage.run('first', () => one.request('/'))
    const second = storage.run('second', () => one.request('/', { method: 'PUT', body }))
    await server.received(1)
    gate.resolve()
    await Promise.all([first, second])
    expect(seen).toEqual(['second', 'second'])
    await one.close()
  })
})

describe('the body of an answer', () => {
  test('that is longer than maxBytes is refused, and the connection ended', async () => {
    server.otherwise({ body: MEGABYTE })
    await expect(http.request('/', { maxBytes: 1_000 })).rejects.toMatchObject({
      code: 'too_large',
      retryable: false,
    })
    const streamed = await http.stream('/', { maxBytes: 1_000 })
    await expect(streamed.bytes()).rejects.toMatchObject({ code: 'too_large' })
    expect(http.stats().origins[0]?.running).toBe(0)
    expect(server.requests).toHaveLength(2)
  })

  test('of exactly maxBytes is accepted', async () => {
    server.reply({ body: 'abc' })
    expect(await (await http.request('/', { maxBytes: 3 })).text()).toBe('abc')
  })

  test('holds the server back while nobody reads', async () => {
    let sent = 0
    server.reply({
      body: (async function* () {
        for (; sent < 1_000; sent += 1) yield MEGABYTE
      })(),
    })
    using response = await http.stream('/')
    for (let turn = 0; turn < 200; turn += 1) await setImmediate()
    expect(sent).toBeLessThan(20)
    expect(response.complete).toBe(false)
  })

  test('can be read as a Node stream', async () => {
    server.reply({ body: MEGABYTE })
    const response = await http.stream('/')
    let size = 0
    for await (const chunk of response.readable()) size += (chunk as Buffer).length
    expect(size).toBe(MEGABYTE.length)
    expect(http.stats().origins[0]?.running).toBe(0)
  })

  test('has one reader at a time', async () => {
    const gate = Promise.withResolvers<void>()
    server.reply({
      body: (async function* () {
        yield 'a'
        await gate.promise
      })(),
    })
    const response = await http.stream('/')
    const first = response.bytes()
    await setImmediate()
    await expect(response.bytes()).rejects.toThrow(TypeError)
    gate.resolve()
    expect(Buffer.from(await first).toString()).toBe('a')
  })

  test('whose loop is left early frees its connection', async () => {
    server.reply({
      body: (async function* () {
        for (;;) yield MEGABYTE
      })(),
    })
    for await (const _ of (await http.stream('/')).body) break
    expect(http.stats().origins[0]?.running).toBe(0)
    expect(await server.requests[0]?.ended).toBe(false)
  })

  test('that is disposed of frees its connection', async () => {
    server.reply({ body: MEGABYTE })
    {
      using response = await http.stream('/')
      expect(response.status).toBe(200)
    }
    expect(http.stats().origins[0]?.running).toBe(0)
  })

  test('is text and JSON again and again', async () => {
    server.reply({ json: { a: 'あ' } })
    const response = await http.request('/')
    expect(await response.text()).toBe('{"a":"あ"}')
    expect(await response.json()).toEqual({ a: 'あ' })
    expect(Buffer.from(await response.bytes()).toString()).toBe('{"a":"あ"}')
    const chunks: Uint8Array[] = []
    for await (const chunk of response.body) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('{"a":"あ"}')
  })

  test('is empty for HEAD and 204', async () => {
    server.reply({ headers: { 'content-length': '5' } }, { status: 204 })
    expect((await (await http.request('/', { method: 'HEAD' })).bytes()).byteLength).toBe(0)
    expect(await (await http.request('/')).text()).toBe('')
  })

  test('leaves the connection to the next request, after a HEAD too', async () => {
    server.otherwise({ body: 'x' })
    for (let count = 0; count < 10; count += 1) {
      await http.request('/', { method: count % 2 === 0 ? 'HEAD' : 'GET' })
    }
    // undici rests a connection for one turn of the loop, so two take turns.
    expect(server.connected).toBeLessThanOrEqual(2)
  })
})

describe('bodies that nobody reads', () => {
  test('of request never hold a connection', async () => {
    server.otherwise({ body: 'x'.repeat(100_000) })
    for (let count = 0; count < 1_000; count += 1) await http.request('/')
    expect(http.stats()).toMatchObject({ active: 0, origins: [{ running: 0, queued: 0 }] })
    expect(server.connected).toBeLessThanOrEqual(2)
  })

  test('of stream hold none when they are short', async () => {
    server.otherwise({ body: 'x'.repeat(50_000) })
    for (let count = 0; count < 1_000; count += 1) await http.stream('/')
    await expect.poll(() => http.stats().origins[0]?.running).toBe(0)
  })

  test('of stream give way to others when they are long', async () => {
    using clock = TestClock.install()
    server.otherwise({ body: MEGABYTE })
    const forgotten = []
    for (let count = 0; count < 4; count += 1) forgotten.push(await http.stream('/forgotten'))
    // The server is being held back by all four.
    await expect.poll(() => clock.pending).toBe(4)
    server.reply({ body: 'wanted' })
    const wanted = http.request('/wanted')
    await expect.poll(() => http.stats().origins[0]?.queued).toBe(1)
    await clock.advance(1_000)
    expect(await (await wanted).text()).toBe('wanted')
    await expect(forgotten[0]?.text()).rejects.toMatchObject({ code: 'body_abandoned' })
  })

  test('of stream are given up after unreadMs', async () => {
    using clock = TestClock.install()
    server.otherwise({ body: MEGABYTE })
    const response = await http.stream('/')
    for (let turn = 0; turn < 50; turn += 1) await setImmediate()
    await clock.advance(59_999)
    expect(http.stats().origins[0]?.running).toBe(1)
    await clock.advance(1)
    expect(http.stats().origins[0]?.running).toBe(0)
    await expect(response.text()).rejects.toMatchObject({ code: 'body_abandoned' })
  })
})
