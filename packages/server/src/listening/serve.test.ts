import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { shield, sleep, taskGroup } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'
import type { ServerError } from '../server-error.ts'

const ok = (): Response => new Response('ok')

/** What is reported as a leftover until the end of the test. */
function leftoversSeen(): readonly string[] {
  const seen: string[] = []
  const note = (leftover: unknown): void => {
    const { name, state } = leftover as { readonly name: string; readonly state: string }
    seen.push(`${name}: ${state}`)
  }
  subscribe('yuzuru:leftover', note)
  onTestFinished(() => void unsubscribe('yuzuru:leftover', note))
  return seen
}

const get = async (url: string, agent: Agent | false = false): Promise<string> => {
  const sent = request(url, { agent })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return `${answer.statusCode} ${await text(answer)}`
}

describe('serve', () => {
  test('is reached by this machine alone, at a free port, and says where', async () => {
    await using server = await serve(ok, { lingerMs: 0 })
    const address = server.client.address() as AddressInfo
    expect(address).toMatchObject({ address: '127.0.0.1', port: server.port })
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect(await get(server.url)).toBe('200 ok')
  })

  test.each([
    [{ port: -1 }, 'port'],
    [{ port: 70_000 }, 'port'],
    [{ hostname: '' }, 'hostname'],
    [{ reusePort: 1 }, 'reusePort'],
    [{ drainDelayMs: -1 }, 'drainDelayMs'],
    [{ lingerMs: -1 }, 'lingerMs'],
    [{ probes: { live: 'livez' } }, 'probes.live'],
    [{ probes: { checks: { db: 1 } } }, 'checks.db'],
    [{ probes: { lvie: '/x' } }, 'a known option of probes'],
    [{ limits: { maxHeaderBytes: 1 } }, 'limits.maxHeaderBytes'],
    [{ limits: { headersTimeoutMs: 5_000, bodyTimeoutMs: 1 } }, 'limits.bodyTimeoutMs'],
    [{ limits: { idleTimeout: 1 } }, 'a known option of limits'],
    [{ prot: 1 }, 'a known option of serve'],
    [{ maxRequestMs: Number.NaN }, 'maxRequestMs'],
  ])('%o is a TypeError', async (options, what) => {
    await expect(serve(ok, options as never)).rejects.toThrow(`Expected ${what}`)
  })

  test.each([undefined, null, 1, 'app', {}, { fetch: 1 }])('%o is no app', async (app) => {
    await expect(serve(app as never)).rejects.toThrow('Expected app to have')
  })

  test('says that a port is taken, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const failure = await serve(ok, { port }).catch((error: ServerError) => error)
    expect(failure).toMatchObject({ name: 'ServerError', code: 'address_in_use', outcome: 'none' })
    expect((failure as Error).message).toContain(`port ${port} is taken`)
    other.close()
  })

  test('a request outlives the scope that happened to start the server', async () => {
    const go = Promise.withResolvers<Response>()
    const begun = Promise.withResolvers<void>()
    const app = (): Promise<Response> => {
      begun.resolve()
      return go.promise
    }
    let server: HttpServer | undefined
    let answer: Promise<string> | undefined
    await taskGroup(async () => {
      server = await shield(() => serve(app, { lingerMs: 0 }))
      answer = get(server.url)
      await begun.promise
    })
    go.resolve(ok())
    expect(await answer).toBe('200 ok')
    await server?.close()
  })
})

test.each(['GET', 'DELETE', 'POST'])('a middleware makes a request of a %s', async (method) => {
  const app = new Hono().use(bodyLimit({ maxSize: 100 })).all('*', async (c) => {
    return c.text(`${await new Request(c.req.raw).text()}.`)
  })
  await using server = await serve(app, { lingerMs: 0 })
  const body = method === 'POST' ? 'hello' : null
  const answer = await fetch(server.url, { method, body, headers: { connection: 'close' } })
  expect([answer.status, await answer.text()]).toEqual([200, `${body ?? ''}.`])
})

describe('the probes', () => {
  test('are answered while no request gets a turn, and are no requests', async () => {
    const go = Promise.withResolvers<Response>()
    const begun = Promise.withResolvers<void>()
    const lines: unknown[] = []
    const app = (): Promise<Response> => {
      begun.resolve()
      return go.promise
    }
    const log = { info: (line: unknown) => void lines.push(line) }
    await using server = await serve(app, { limit: 1, queue: 0, lingerMs: 0, log })
    const first = get(server.url)
    await begun.promise
    expect(await get(server.url)).toMatch(/^503 /)
    expect(await get(`${server.url}/livez`)).toBe('200 {"ok":true,"checks":{}}')
    expect(await get(`${server.url}/readyz`)).toBe('200 {"ok":true,"checks":{}}')
    expect(lines.length).toBeLessThanOrEqual(1)
    go.resolve(ok())
    await first
  })

  test('say which check failed, by its code and without its words, and look once a second', async () => {
    let looks = 0
    const failed = Object.assign(new Error('password=hunter2'), { code: 'connection_failed' })
    const checks = {
      db: () => {
        looks += 1
        throw failed
      },
      disk: () => true,
    }
    await using server = await serve(ok, { lingerMs: 0, probes: { checks } })
    const url = `${server.url}/readyz`
    const answers = await Promise.all([get(url), get(url), get(url)])
    const expected = '503 {"ok":false,"checks":{"db":"connection_failed","disk":"ok"}}'
    expect(answers).toEqual([expected, expected, expected])
    expect(looks).toBe(1)
  })

  test('say that a check failed, whatever it failed with', async () => {
    const { proxy: revoked, revoke } = Proxy.revocable({}, {})
    revoke()
    const failures: readonly unknown[] = [
      undefined,
      'password=hunter2',
      revoked,
      Object.defineProperty(new Error('x'), 'code', { get: () => raise() }),
      { code: 'a b' },
    ]
    const checks = Object.fromEntries(
      failures.map((failure, at) => [`check-${at}`, () => Promise.reject(failure)]),
    )
    await using server = await serve(ok, { lingerMs: 0, probes: { checks } })
    const expected = Object.fromEntries(failures.map((_, at) => [`check-${at}`, 'failed']))
    expect(await get(`${server.url}/readyz`)).toBe(
      `503 ${JSON.stringify({ ok: false, checks: expected })}`,
    )
  })

  test.each([
    ['and does not obey is reported', () => new Promise(() => {}), ['check db: abandoned']],
    [
      'and takes a moment to end is no leftover',
      async () => {
        try {
          await sleep(Infinity)
        } finally {
          await shield(() => sleep(50))
        }
      },
      [],
    ],
  ])('a check that hangs fails in its own time, %s', async (_how, hang, reported) => {
    using clock = TestClock.install()
    const leftovers = leftoversSeen()
    const begun = Promise.withResolvers<void>()
    const checks = {
      db: () => {
        begun.resolve()
        return hang()
      },
    }
    await using server = await serve(ok, { lingerMs: 0, probes: { checks } })
    const answer = get(`${server.url}/readyz`)
    await begun.promise
    await clock.advance(1_000)
    await clock.advance(100)
    expect(await answer).toMatch(/^503 \{"ok":false,"checks":\{"db":"/)
    expect(leftovers).toEqual(reported)
  })
})

describe('close', () => {
  test('says at once that no request should come, and serves those that do', async () => {
    using clock = TestClock.install()
    const server = await serve(ok, { drainDelayMs: 5_000, lingerMs: 0 })
    const closed = server.close()
    expect(await get(`${server.url}/readyz`)).toBe('503 {"ok":false,"checks":{"server":"closing"}}')
    expect(await get(`${server.url}/livez`)).toMatch(/^200 /)
    expect(await get(server.url)).toBe('200 ok')
    await clock.advance(5_000)
    await closed
    await expect(get(server.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('a second call waits for the first', async () => {
    const server = await serve(ok, { lingerMs: 0 })
    const first = server.close()
    await Promise.all([first, server.close(), server[Symbol.asyncDispose]()])
    await expect(server.close({ drainMs: -1 })).rejects.toThrow('Expected drainMs')
  })

  test('a client that sends without pause over kept connections has no request fail', async () => {
    using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 8 }), {
      [Symbol.dispose]: () => agent.destroy(),
    })
    const servers = [await serve(ok, { lingerMs: 60_000 })]
    const failures: unknown[] = []
    const progress = { sent: 0 }
    const client = async (): Promise<void> => {
      while (progress.sent < 10_000) {
        progress.sent += 1
        // What a load balancer does: a new connection goes to the one that listens.
        const { url } = servers.at(-1) ?? { url: '' }
        await get(url, agent).catch((error: unknown) => failures.push(error))
      }
    }
    const sentSoMany = async (goal: number): Promise<void> => {
      while (progress.sent < goal) await turn()
    }
    const clients = Array.from({ length: 8 }, () => client())
    const closed: Promise<void>[] = []
    for (let restart = 0; restart < 5; restart += 1) {
      await sentSoMany((restart + 1) * 1_500)
      const old = servers.at(-1)
      servers.push(await serve(ok, { lingerMs: 60_000 }))
      if (old !== undefined) closed.push(old.close())
    }
    await Promise.all(clients)
    agent.destroy()
    await Promise.all(closed)
    await servers.at(-1)?.close()
    expect(failures).toEqual([])
  })

  test('whatever was begun on a connection is answered, the last with the word that it closes', async () => {
    const go = Promise.withResolvers<void>()
    const first = Promise.withResolvers<void>()
    let begun = 0
    const app = async (): Promise<Response> => {
      begun += 1
      first.resolve()
      if (begun === 2) go.resolve()
      await go.promise
      return ok()
    }
    const server = await serve(app, { lingerMs: 60_000 })
    const socket = connect(server.port, '127.0.0.1')
    await Promise.all([once(socket, 'connect'), once(server.client, 'connection')])
    const one = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    // The first is under way when the server is closed; the second comes on the same connection.
    socket.write(one)
    await first.promise
    const closed = server.close()
    socket.write(one)
    const answers = (await text(socket)).split(/(?=HTTP\/1\.1)/)
    await closed
    expect(answers.map((answer) => answer.slice(0, 15))).toEqual([
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
    ])
    expect(answers.map((answer) => /connection: close/i.test(answer))).toEqual([false, true])
    expect(begun).toBe(2)
  })
})

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function raise(): never {
  throw new RangeError('x')
}
