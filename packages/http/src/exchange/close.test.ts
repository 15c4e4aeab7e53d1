import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { outcomeOf } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HttpInterceptor } from '../attempts/interceptor.ts'
import { createHttp, type Http } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
beforeEach(async () => {
  server = await startScriptedServer()
})
afterEach(async () => {
  await server.close()
})

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('close', () => {
  test('waits for what is under way, queued calls and open bodies too', async () => {
    const gate = Promise.withResolvers<void>()
    const rest = Promise.withResolvers<void>()
    const body = async function* (): AsyncGenerator<string> {
      yield 'a'
      await rest.promise
      yield 'b'
    }
    server.reply({ after: gate.promise, body: '1' }, { body: '2' }, { body: body() })
    const http = createHttp({ origin: server.url, connections: 1 })
    const first = http.request('/')
    const second = http.request('/')
    const third = http.stream('/')
    await server.received(1)
    expect(http.stats()).toMatchObject({ active: 3, origins: [{ running: 1, queued: 2 }] })
    let closed = false
    const closing = http.close().then(() => (closed = true))
    gate.resolve()
    expect(await (await first).text()).toBe('1')
    expect(await (await second).text()).toBe('2')
    const reading = (await third).text()
    expect(closed).toBe(false)
    rest.resolve()
    expect(await reading).toBe('ab')
    await closing
    await server.disconnected()
  })

  test('waits for a body that is open when no call is', async () => {
    const rest = Promise.withResolvers<void>()
    const body = async function* (): AsyncGenerator<string> {
      yield 'a'
      await rest.promise
      yield 'b'
    }
    server.reply({ body: body() })
    const http = createHttp({ origin: server.url })
    const response = await http.stream('/')
    expect(http.stats()).toMatchObject({ active: 1, origins: [{ running: 1, queued: 0 }] })
    const closing = http.close()
    const reading = response.text()
    rest.resolve()
    expect(await reading).toBe('ab')
    await closing
  })

  test('takes no more calls', async () => {
    const http = createHttp({ origin: server.url })
    await http.close()
    await http.close()
    expect(await caught(http.request('/', { method: 'POST' }))).toMatchObject({
      code: 'closed',
      outcome: 'none',
      retryable: false,
    })
    expect(server.connected).toBe(0)
  })

  test('cuts off what has not ended after drainMs: sent, queued and waiting calls', async () => {
    using clock = TestClock.install()
    server.reply({ status: 503, headers: { 'retry-after': '40' } }, 'silence')
    const http = createHttp({ origin: server.url, connections: 1 })
    const waiting = caught(http.request('/'))
    await expect
      .poll(() => [server.requests.length, http.stats().origins[0]?.running])
      .toEqual([1, 0])
    const sent = caught(http.request('/', { method: 'POST' }))
    const queued = caught(http.request('/', { method: 'POST' }))
    await server.received(2)
    const closing = http.close({ drainMs: 5_000 })
    await clock.advance(5_000)
    await closing
    expect(await sent).toMatchObject({ code: 'closed', outcome: 'unknown' })
    expect(await queued).toMatchObject({ code: 'closed', outcome: 'none' })
    expect(await waiting).toMatchObject({ code: 'closed', outcome: 'none' })
    expect(http.stats().active).toBe(0)
    await server.disconnected()
  })

  test('called from inside of a call of its own cuts that call off instead of waiting for it', async () => {
    let http: Http | undefined = undefined
    const closing: HttpInterceptor = (next) => async (request) => {
      await http?.close({ drainMs: Infinity })
      return await next(request)
    }
    http = createHttp({ origin: server.url, interceptors: [closing] })
    const error = await caught(http.request('/', { method: 'POST' }))
    expect(error).toMatchObject({ code: 'closed', outcome: 'none' })
    expect(server.connected).toBe(0)
  })

  test('leaves a client alone that was passed in', async () => {
    server.otherwise({ body: 'ok' })
    const client = new Agent()
    const http = createHttp({ origin: server.url, client })
    expect(await (await http.request('/')).text()).toBe('ok')
    await http.close()
    expect(
      (await client.request({ origin: server.url, path: '/', method: 'GET' })).statusCode,
    ).toBe(200)
    await client.destroy()
  })
})

describe('close also ends what is half made', () => {
  /** What a proxy says before it falls silent. */
  const waits: Readonly<Record<string, string | undefined>> = {
    'a connection whose TLS is not answered': undefined,
    'a connection to a proxy that does not answer': '',
    'a tunnel whose TLS is not answered': 'HTTP/1.1 200 OK\r\n\r\n',
  }

  test.each(Object.keys(waits))('%s', async (name) => {
    const answer = waits[name]
    const deaf = createServer()
    deaf.listen(0, '127.0.0.1')
    await once(deaf, 'listening')
    const at = `127.0.0.1:${(deaf.address() as AddressInfo).port}`
    const http = createHttp({
      retry: false,
      timeouts: { connectMs: 3_600_000 },
      ...(answer === undefined ? {} : { proxy: { url: `http://${at}` } }),
    })
    const cancel = new AbortController()
    const call = caught(http.request(`https://${at}/`, { method: 'POST', signal: cancel.signal }))
    const [socket] = (await once(deaf, 'connection')) as [Socket]
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await once(socket, 'data')
    socket.resume()
    if (answer !== undefined && answer !== '') {
      socket.write(answer)
      await once(socket, 'data')
    }
    cancel.abort()
    expect(outcomeOf(await call)).toBe('none')
    await http.close({ drainMs: 0 })
    await closed
    deaf.close()
  })
})
