import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { io, sleep, taskGroup } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ask } from '../../test/ask.ts'
import { afterResponse } from '../request/current-request.ts'
import { serve } from '../listening/serve.ts'
import type { ServeOptions } from '../listening/serve-options.ts'
import type { InjectOptions, MemoryServer } from '../testing/serve-in-memory.ts'
import { serveInMemory } from '../testing/serve-in-memory.ts'
import type { ServerStatus } from './server-status.ts'

const SECRETS = { cookie: 'sid=hunter2', authorization: 'Bearer hunter2' }

/** A server with one request that waits for a query and for a semaphore. */
async function busy(options: ServeOptions = {}, path = '/plans/4711?token=hunter2') {
  const begun = Promise.withResolvers<void>()
  const smtp = new Semaphore(0, { name: 'smtp of office 4711' })
  const handler = async (): Promise<Response> => {
    begun.resolve()
    await taskGroup((group) => {
      group.spawn(() => smtp.acquire(), { name: 'remind taro@example.jp' })
      const call = { boundary: 'db', operation: 'query', effect: 'read' } as const
      group.spawn(() => io(call, undefined, () => sleep(Infinity)), { name: 'office' })
    })
    return new Response()
  }
  const server = await serve(handler, { lingerMs: 0, probes: { status: '/statusz' }, ...options })
  onTestFinished(() => server.close({ drainMs: 0 }))
  const waiting = httpRequest(server.url + path, { agent: false, headers: SECRETS })
  waiting.on('error', () => {}).end()
  onTestFinished(() => void waiting.destroy())
  await begun.promise
  return server
}

/** An app that has the path of the page as well, and a way to ask for it. */
async function open(status: unknown) {
  const server = await serveInMemory(async () => new Response('the app'), {
    probes: { status } as never,
  })
  onTestFinished(() => server.close())
  return (headers: Record<string, string> = {}, options: InjectOptions = {}) =>
    look(server, headers, options)
}

async function look(
  server: MemoryServer,
  headers: Record<string, string>,
  options: InjectOptions,
): Promise<[number, string]> {
  const request = new Request('http://localhost/statusz', { headers })
  const answer = await server.inject(request, options)
  return [answer.status, await answer.text()]
}

const EMPTY = JSON.stringify({ requests: [], more: 0 })

describe('the page of the requests under way', () => {
  test('has each with its age and what it waits for, and no id, query or secret', async () => {
    const server = await busy()
    const { headers, body } = await ask(`${server.url}/statusz`)
    expect(JSON.parse(body)).toEqual({
      requests: [
        {
          name: 'GET /plans/:id',
          state: 'running',
          ageMs: expect.any(Number),
          remainingMs: expect.any(Number),
          waits: [
            { what: 'task remind :id: semaphore "smtp of office :id", 1st in line' },
            { what: 'task office: io db.query: sleep' },
          ],
        },
      ],
      more: 0,
    })
    expect(body).not.toMatch(/hunter2|4711|taro/)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json',
    })
  })

  test('is a page for a browser, in which nothing is taken for HTML', async () => {
    const server = await busy({ name: () => 'GET <script>alert("x")</script>' })
    const { headers, body } = await ask(`${server.url}/statusz`, {
      headers: { accept: 'text/html,*/*' },
    })
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).toContain('1 request under way')
    expect(body).toContain('GET &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
    expect(body).not.toContain('<script')
  })

  test('is answered while no request gets a turn', async () => {
    const server = await busy({ limit: 1, queue: 1 }, '/first')
    const second = httpRequest(`${server.url}/second`, { agent: false })
    second.on('error', () => {}).end()
    let status: ServerStatus
    do status = JSON.parse((await ask(`${server.url}/statusz`)).body) as ServerStatus
    while (status.requests.length < 2)
    second.destroy()
    expect(status.requests.map(({ name }) => name)).toEqual(['GET /first', 'GET /second'])
  })

  test('says that there is only work after the answer', async () => {
    const go = Promise.withResolvers<void>()
    const handler = async (): Promise<Response> => {
      afterResponse(() => go.promise)
      return new Response()
    }
    await using server = await serve(handler, { lingerMs: 0, probes: { status: '/statusz' } })
    await ask(server.url)
    const { body } = await ask(`${server.url}/statusz`)
    go.resolve()
    expect(JSON.parse(body)).toMatchObject({ requests: [{ state: 'answered', waits: [] }] })
  })

  test('shows a hundred, the oldest, and how many more there are', async () => {
    const begun = Promise.withResolvers<void>()
    let count = 0
    const handler = async (): Promise<Response> => {
      if ((count += 1) === 103) begun.resolve()
      await sleep(Infinity)
      return new Response()
    }
    const server = await serveInMemory(handler, { probes: { status: '/statusz' } })
    const leaving = new AbortController()
    const waiting = Array.from({ length: 103 }, () =>
      server.inject(new Request('http://localhost/', { signal: leaving.signal })),
    )
    await begun.promise
    const [, body] = await look(server, {}, {})
    const { requests, more } = JSON.parse(body) as ServerStatus
    expect([requests.length, more]).toEqual([100, 3])
    leaving.abort()
    await Promise.allSettled(waiting)
    await server.close()
  })

  test('has no body for HEAD', async () => {
    await using server = await serveInMemory(async () => new Response('the app'), {
      probes: { status: '/statusz' },
    })
    const request = new Request('http://localhost/statusz', { method: 'HEAD' })
    const answer = await server.inject(request)
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, `${EMPTY.length}`])
  })
})

describe('who sees the page of the requests under way', () => {
  test('nobody, unless a path is given', async () => {
    expect(await (await open(undefined))()).toEqual([200, 'the app'])
  })

  test.each(['127.0.0.1', '127.0.0.53', '::1', '::ffff:127.0.0.1'])(
    'a client on this machine: %s',
    async (remoteAddress) => {
      expect(await (await open('/statusz'))({}, { remoteAddress })).toEqual([200, EMPTY])
    },
  )

  test.each(['203.0.113.7', '10.0.0.1', '::ffff:10.0.0.1', '1271.0.0.1', '::127.0.0.1'])(
    'no client elsewhere: %s',
    async (remoteAddress) => {
      expect(await (await open('/statusz'))({}, { remoteAddress })).toEqual([200, 'the app'])
    },
  )

  test.each([
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-for', ''],
    ['forwarded', 'for=127.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'localhost'],
    ['x-real-ip', '127.0.0.1'],
    ['via', '1.1 proxy'],
    ['cf-connecting-ip', '127.0.0.1'],
    ['host', 'evil.example'],
    ['host', '127.0.0.1.evil.example'],
    ['host', 'localhost.evil.example:80'],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
  ])('no request that came through a proxy or from another site: %s: %s', async (name, value) => {
    expect(await (await open('/statusz'))({ [name]: value })).toEqual([200, 'the app'])
  })

  test.each([
    ['1.1', EMPTY],
    // nginx sends it where nothing is configured, and says nothing else of itself.
    ['1.0', 'the app'],
  ])('no proxy that says nothing but its old version of HTTP: %s', async (version, body) => {
    const handler = async (): Promise<Response> => new Response('the app')
    const server = await serve(handler, { lingerMs: 0, probes: { status: '/statusz' } })
    onTestFinished(() => server.close({ drainMs: 0 }))
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`GET /statusz HTTP/${version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    expect((await text(socket)).endsWith(`\r\n\r\n${body}`)).toBe(true)
  })

  test('those that the program allows, wherever they are', async () => {
    const asked = await open({
      path: '/statusz',
      allow: ({ headers }: { headers: Record<string, string> }) => headers['x-key'] === 'k',
    })
    const remoteAddress = '203.0.113.7'
    expect(await asked({ 'x-key': 'k', 'x-forwarded-for': 'a' }, { remoteAddress })).toEqual([
      200,
      EMPTY,
    ])
    expect(await asked()).toEqual([200, 'the app'])
  })

  test.each([1, 'yes', Promise.resolve(true)])(
    'nobody by an answer that is not true',
    async (it) => {
      expect(await (await open({ path: '/statusz', allow: () => it }))()).toEqual([200, 'the app'])
    },
  )

  test('nobody if the program’s function fails, whose words stay inside', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const boom = (): never => {
      throw new RangeError('hunter2')
    }
    const [status, body] = await (await open({ path: '/statusz', allow: boom }))()
    expect([status, body]).toEqual([500, expect.not.stringContaining('hunter2')])
    expect(warn.mock.calls[0]).toEqual([
      'probes.status.allow failed: RangeError',
      'StatusPageWarning',
    ])
  })

  test.each([
    ['statusz', 'probes.status'],
    [{ path: undefined }, 'probes.status'],
    [{ path: '/statusz', allow: true }, 'probes.status.allow'],
    [{ path: '/statusz', alow: () => true }, 'a known option of probes.status'],
    [1, 'probes.status'],
  ])('%o is a TypeError', async (status, what) => {
    await expect(open(status)).rejects.toThrow(what)
  })
})
