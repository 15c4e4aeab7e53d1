import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeHttp } from '../testing/fake-http.ts'
import { createHttp, type Http } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  http = createHttp({ origin: server.url, decompress: true, retry: false })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

const ENCODERS: readonly [string, (bytes: Uint8Array) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['GZIP', gzipSync],
  ['gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
  ['identity, gzip', gzipSync],
]

const TEXT = '支援計画 '.repeat(50_000)

/** Piece by piece, as a network brings it. */
async function* pieces(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size)
    await setImmediate()
  }
}

describe.each(ENCODERS)('an answer in %s', (encoding, encode) => {
  const headers = { 'content-encoding': encoding }

  test('comes decompressed, whole and as a stream', async () => {
    const body = encode(Buffer.from(TEXT))
    server.reply(
      { headers, body },
      { headers, body: pieces(body) },
      { headers, body: pieces(body) },
    )
    const response = await http.request('/')
    expect((await response.text()) === TEXT).toBe(true)
    expect(response.headers.has('content-encoding')).toBe(false)
    expect((await (await http.stream('/')).text()) === TEXT).toBe(true)
    let size = 0
    for await (const chunk of (await http.stream('/')).readable()) size += (chunk as Buffer).length
    expect(size).toBe(Buffer.byteLength(TEXT))
    expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip, br, zstd, deflate')
  })

  test('that is cut off, or is no such thing, is a failure', async () => {
    const whole = encode(randomBytes(50_000))
    for (const bytes of [
      whole.subarray(0, -20),
      whole.subarray(0, 5),
      Buffer.from('no such thing'),
    ]) {
      server.reply({ headers, body: bytes })
      await expect(http.request('/', { method: 'POST' })).rejects.toMatchObject({
        code: 'invalid_response',
        outcome: 'unknown',
      })
      server.reply({ headers, body: bytes })
      const streamed = http.stream('/', { method: 'POST' }).then((response) => response.bytes())
      await expect(streamed).rejects.toMatchObject({ code: 'invalid_response' })
    }
  })

  test('that is empty is empty', async () => {
    server.reply({ headers, body: encode(new Uint8Array()) })
    expect(await (await http.request('/')).text()).toBe('')
  })

  test('that swells beyond maxBytes is refused, whatever its size on the wire', async () => {
    const bomb = encode(Buffer.alloc(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(1_000_000)
    server.otherwise({ headers, body: bomb })
    await expect(http.request('/', { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'too_large',
    })
    const streamed = await http.stream('/', { maxBytes: 1_000_000 })
    await expect(streamed.bytes()).rejects.toMatchObject({ code: 'too_large' })
    expect(http.stats().origins[0]?.running).toBe(0)
  })
})

test('a slow reader holds decompression back', async () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  server.reply({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(zeros) })
  const response = await http.stream('/')
  const reader = response.body[Symbol.asyncIterator]()
  await reader.next()
  for (let turn = 0; turn < 300; turn += 1) await setImmediate()
  // What has come out and waits is bounded, so most of it is still to come.
  expect(response.complete).toBe(false)
  let size = 0
  let most = 0
  for (;;) {
    const { done, value } = await reader.next()
    if (done === true) break
    size += value.length
    most = Math.max(most, value.length)
  }
  expect(size).toBeGreaterThan(zeros.length - 1_000_000)
  expect(most).toBeLessThan(1_000_000)
})

test('an error shows the decompressed body', async () => {
  const body = gzipSync('{"error":"no such plan"}')
  server.reply({ status: 404, headers: { 'content-encoding': 'gzip' }, body })
  await expect(http.request('/')).rejects.toMatchObject({
    answer: { json: { error: 'no such plan' } },
  })
})

test('an encoding that is not known is left to the reader', async () => {
  server.reply({ headers: { 'content-encoding': 'compress' }, body: 'x' })
  const response = await http.request('/')
  expect(await response.text()).toBe('x')
  expect(response.headers.get('content-encoding')).toBe('compress')
})

test('encodings upon encodings are left to the reader', async () => {
  const headers = { 'content-encoding': 'gzip, gzip, gzip, gzip' }
  server.reply({ headers, body: 'x' })
  expect(await (await http.request('/')).text()).toBe('x')
})

test('nothing is asked for, and nothing taken off, for HEAD, a Range or without decompress', async () => {
  const body = gzipSync('text')
  const headers = { 'content-encoding': 'gzip', 'content-length': String(body.length) }
  server.otherwise({ headers, body })
  await http.request('/', { method: 'HEAD' })
  await http.request('/', { headers: { range: 'bytes=0-' } })
  const plain = await http.request('/', { decompress: false })
  expect(Buffer.from(await plain.bytes()).equals(body)).toBe(true)
  for (const request of server.requests) {
    expect(request.headers).not.toHaveProperty('accept-encoding')
  }
})

test('the fake decompresses too', async () => {
  await using fake = createFakeHttp({ decompress: true })
  fake.script.reply({ headers: { 'content-encoding': 'br' }, body: brotliCompressSync('text') })
  expect(await (await fake.http.request('/')).text()).toBe('text')
})

test('connections are kept', async () => {
  server.otherwise({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(TEXT) })
  for (let count = 0; count < 10; count += 1) await http.request('/')
  expect(server.connected).toBeLessThanOrEqual(2)
})
