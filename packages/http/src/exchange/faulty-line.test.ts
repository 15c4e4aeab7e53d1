import { type FaultProxy, startFaultProxy } from '@yuzuru/sandbox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import type { HttpTimeouts } from '../http-options.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let line: FaultProxy
let http: Http

function client(timeouts: HttpTimeouts): Http {
  const origin = `http://127.0.0.1:${line.port}`
  return createHttp({ origin, timeouts, retry: { baseDelayMs: 0 } })
}

beforeEach(async () => {
  server = await startScriptedServer()
  line = await startFaultProxy({
    target: { host: '127.0.0.1', port: Number(new URL(server.url).port) },
  })
  http = client({ headersMs: 60_000, stallMs: 200 })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await line.close()
  await server.close()
})

describe('over a line', () => {
  test('that drops the answer, the outcome of a POST is unknown and it is sent once', async () => {
    server.otherwise({ status: 201 })
    line.set({ dropReply: {} })
    await expect(http.request('/', { json: 1 })).rejects.toMatchObject({
      code: 'connection_lost',
      outcome: 'unknown',
    })
    expect(server.requests).toHaveLength(1)
  })

  test('that drops one answer, a POST with a key comes through', async () => {
    server.otherwise({ status: 201 })
    line.set({ dropReply: { times: 1 } })
    expect((await http.request('/', { json: 1, idempotencyKey: 'k' })).status).toBe(201)
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k'])
  })

  test('that is half open, a call ends after headersMs with the outcome unknown', async () => {
    line.set({ halfOpen: true })
    await using hasty = client({ headersMs: 100 })
    await expect(hasty.request('/', { json: 1 })).rejects.toMatchObject({
      code: 'headers_timeout',
      outcome: 'unknown',
    })
  })

  test('that goes dead in the middle of an answer, the reader ends after stallMs', async () => {
    const gate = Promise.withResolvers<void>()
    const body = async function* (): AsyncGenerator<string> {
      yield 'first'
      await gate.promise
      yield 'second'
    }
    server.reply({ body: body() })
    const response = await http.stream('/')
    const reader = response.body[Symbol.asyncIterator]()
    expect(Buffer.from((await reader.next()).value ?? '').toString()).toBe('first')
    line.set({ halfOpen: true })
    gate.resolve()
    await expect(reader.next()).rejects.toMatchObject({ code: 'stalled' })
  })

  test('that resets in the middle of an answer, what came is not taken for the whole', async () => {
    server.otherwise({ body: 'x'.repeat(1_000_000) })
    line.set({ resetAfterBytes: { toClient: 100_000 } })
    const streamed = await http.stream('/')
    await expect(streamed.bytes()).rejects.toMatchObject({ code: 'connection_lost' })
    await expect(http.request('/')).rejects.toMatchObject({ code: 'connection_lost' })
    expect(server.requests).toHaveLength(4)
  })
})
