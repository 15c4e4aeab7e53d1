import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHttp } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'
import { AUTHORITY, SERVER_CERT, SERVER_KEY } from '../../test/certificates.ts'
import { startTestProxy } from '../../test/proxy.ts'

let plain: ScriptedServer
let secure: Server
let securePort: number
beforeEach(async () => {
  plain = await startScriptedServer()
  plain.otherwise({ body: 'plain' })
  secure = createServer({ cert: SERVER_CERT, key: SERVER_KEY }, (_request, response) => {
    response.end('secure')
  })
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  securePort = (secure.address() as AddressInfo).port
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await plain.close()
  secure.closeAllConnections()
  await new Promise((resolve) => secure.close(resolve))
})

const tls = { ca: AUTHORITY }

describe('a proxy', () => {
  test('tunnels to https:, and only the host is known to it', async () => {
    await using proxy = await startTestProxy()
    const url = proxy.url.replace('//', '//me:p%40ss@')
    await using http = createHttp({ proxy: { url }, tls, headers: { authorization: 'SECRET' } })
    // A name that only the proxy can resolve, and for which the certificate is good.
    const host = `secure.invalid:${securePort}`
    expect(await (await http.request(`https://${host}/x?token=1`)).text()).toBe('secure')
    const credentials = `Basic ${btoa('me:p@ss')}`
    expect(proxy.seen).toEqual([{ line: `CONNECT ${host}`, credentials }])
  })

  test('still has the server prove its name', async () => {
    await using proxy = await startTestProxy()
    await using http = createHttp({ proxy: { url: proxy.url }, tls, retry: false })
    await expect(http.request(`https://other.invalid:${securePort}/`)).rejects.toMatchObject({
      code: 'tls_failed',
      outcome: 'none',
    })
    await using wary = createHttp({ proxy: { url: proxy.url }, retry: false })
    await expect(wary.request(`https://secure.invalid:${securePort}/`)).rejects.toMatchObject({
      code: 'tls_failed',
    })
  })

  test('is handed requests to http:', async () => {
    await using proxy = await startTestProxy()
    await using http = createHttp({ origin: plain.url, proxy: { url: proxy.url } })
    const response = await http.request('/x?a=1', { json: { b: 2 } })
    expect(await response.text()).toBe('plain')
    expect(proxy.seen.map(({ line }) => line)).toEqual([`POST ${plain.url}/x?a=1`])
    expect(plain.requests[0]?.body.toString()).toBe('{"b":2}')
    expect(plain.requests[0]?.headers['host']).toBe(new URL(plain.url).host)
  })

  test('keeps connections', async () => {
    await using proxy = await startTestProxy()
    await using http = createHttp({ proxy: { url: proxy.url }, tls, connections: 1 })
    for (let count = 0; count < 5; count += 1) {
      await http.request(`https://127.0.0.1:${securePort}/`)
    }
    expect(proxy.seen).toHaveLength(1)
  })

  test.each([403, 407, 502])('that refuses with %i has passed nothing on', async (status) => {
    await using proxy = await startTestProxy(status)
    const url = proxy.url.replace('//', '//me:SECRET@')
    await using http = createHttp({ proxy: { url }, tls, retry: false })
    const call = http.request(`https://127.0.0.1:${securePort}/`, { method: 'POST' })
    const error: unknown = await call.catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
      retryable: status === 502,
    })
    expect(inspect(error, { depth: 20 })).toContain(`the proxy answered ${status}`)
    expect(inspect(error, { depth: 20 })).not.toContain('SECRET')
  })

  test('that wants credentials for http: has passed nothing on', async () => {
    await using proxy = await startTestProxy(407)
    await using http = createHttp({ origin: plain.url, proxy: { url: proxy.url }, retry: false })
    await expect(http.request('/', { method: 'POST' })).rejects.toMatchObject({
      code: 'connection_failed',
      outcome: 'none',
    })
    expect(plain.connected).toBe(0)
  })

  test('that is not there is no connection', async () => {
    const proxy = await startTestProxy()
    await proxy[Symbol.asyncDispose]()
    await using http = createHttp({ proxy: { url: proxy.url }, tls, retry: false })
    for (const url of [`https://127.0.0.1:${securePort}/`, plain.url]) {
      await expect(http.request(url, { method: 'POST' })).rejects.toMatchObject({
        code: 'connection_failed',
        outcome: 'none',
      })
    }
  })

  test.each([
    ['does not answer', ''],
    ['falls silent within its answer', 'HTTP/1.1 200 OK\r\n'],
    ['falls silent once the tunnel stands', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('that %s is given up after connectMs, and its connection closed', async (_, answer) => {
    const deaf = createTcpServer((socket) => socket.on('error', () => undefined))
    deaf.listen(0, '127.0.0.1')
    await once(deaf, 'listening')
    const url = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`
    const http = createHttp({ proxy: { url }, tls, retry: false, timeouts: { connectMs: 50 } })
    {
      using clock = TestClock.install()
      const came = once(deaf, 'connection')
      const call = http.request(`https://127.0.0.1:${securePort}/`, { method: 'POST' })
      const ended = expect(call).rejects.toMatchObject({ code: 'connect_timeout', outcome: 'none' })
      const [socket] = (await came) as [Socket]
      await once(socket, 'data')
      socket.resume().write(answer)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      // Its TLS begins.
      if (answer.endsWith('\r\n\r\n')) await once(socket, 'data')
      await clock.advance(50)
      await ended
      await closed
    }
    await http.close({ drainMs: 0 })
    deaf.close()
  })

  test('is passed by for the hosts of `except`', async () => {
    await using proxy = await startTestProxy()
    const { url } = proxy
    await using http = createHttp({
      origin: plain.url,
      proxy: { url, except: ['127.0.0.1', 'a.example'] },
    })
    await http.request('/')
    expect(proxy.seen).toEqual([])
  })

  test('is not connected to when `client` or `allow` say how connections are made', () => {
    const proxy = { url: 'http://127.0.0.1:1' }
    expect(() => createHttp({ proxy, allow: 'public' })).toThrow(TypeError)
    expect(() => createHttp({ proxy, client: new Agent() })).toThrow(TypeError)
  })

  test.each([
    ['no URL', { url: 'nowhere' }],
    ['another protocol', { url: 'socks5://127.0.0.1' }],
    ['no list', { url: 'http://a', except: 'b' }],
    ['a word', 'env'],
  ])('is refused when it is %s', (_name, proxy) => {
    expect(() => createHttp({ proxy: proxy as never })).toThrow(TypeError)
  })
})

describe('the environment’s proxy', () => {
  test('is not used unless asked for', async () => {
    await using proxy = await startTestProxy()
    vi.stubEnv('http_proxy', proxy.url)
    vi.stubEnv('no_proxy', '')
    await using http = createHttp({ origin: plain.url })
    await http.request('/')
    expect(proxy.seen).toEqual([])
  })

  test('is used with proxy: "environment", but for NO_PROXY', async () => {
    await using proxy = await startTestProxy()
    vi.stubEnv('http_proxy', proxy.url)
    vi.stubEnv('https_proxy', proxy.url)
    vi.stubEnv('no_proxy', 'localhost')
    await using http = createHttp({ proxy: 'environment', tls })
    await http.request(plain.url)
    await http.request(`https://127.0.0.1:${securePort}/`)
    await http.request(plain.url.replace('127.0.0.1', 'localhost'))
    await http.request(`https://localhost:${securePort}/`)
    expect(proxy.seen.map(({ line }) => line)).toEqual([
      `GET ${plain.url}/`,
      `CONNECT 127.0.0.1:${securePort}`,
    ])
  })

  test('does not add to one that is given', async () => {
    await using proxy = await startTestProxy()
    vi.stubEnv('no_proxy', '*')
    await using http = createHttp({ origin: plain.url, proxy: { url: proxy.url } })
    await http.request('/')
    expect(proxy.seen).toHaveLength(1)
  })
})
