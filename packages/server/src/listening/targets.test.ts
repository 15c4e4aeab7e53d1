import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { targetApps } from '../../test/target-apps.ts'
import { inject, serveInMemory } from '../testing/serve-in-memory.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

/** What the app of each framework takes the target to be: its path, and its query with the question mark. */
let seen: Record<string, string> = {}
const servers: Record<string, HttpServer> = {}

beforeAll(async () => {
  const apps = await targetApps((name, target) => {
    seen[name] = target
  })
  for (const [name, each] of Object.entries(apps))
    servers[name] = await serve(each, { lingerMs: 0 })
})

beforeEach(() => {
  seen = {}
})

afterAll(async () => {
  for (const server of Object.values(servers)) await server.close()
})

/** Without what a URL parser escapes by itself, and without a query that is empty: two spellings of the same. */
function plain(target: string): string {
  return target
    .replace(/\?$/, '')
    .replaceAll(/%[\da-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}

/** Asks each framework for a target; gives the statuses. */
async function askAll(target: string, version = '1.1'): Promise<Record<string, number>> {
  seen = {}
  const bytes = `GET ${target} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`
  const statuses: Record<string, number> = {}
  for (const [name, server] of Object.entries(servers)) {
    const [status = 0] = statusesIn(await rawExchange(server.port, Buffer.from(bytes, 'latin1')))
    statuses[name] = status
  }
  return statuses
}

const everywhere = (status: number): Record<string, number> =>
  Object.fromEntries(Object.keys(servers).map((name) => [name, status]))

/** What is no path, or what a URL parser takes for another one. No client that parses what it asks for sends it. */
const REFUSED: Readonly<Record<string, string>> = {
  'two dots': '/../../etc/passwd',
  'two dots at the end': '/a/..',
  'one dot': '/a/./b',
  'one dot at the end': '/a/.',
  'nothing but a dot': '/.',
  'dots before a query': '/a/..?b',
  'dots behind an empty part': '/a//../b',
  'dots that are escaped': '/%2e%2e/x',
  'dots of which one is escaped': '/a/.%2e/x',
  'dots that are escaped in capitals': '/a/%2E%2E',
  'one dot that is escaped': '/a/%2e/b',
  'a backslash': '/a\\b',
  'a backslash for the second slash': '/\\evil',
  'dots between backslashes': '/a\\..\\b',
  'a fragment': '/a#b',
  'a fragment behind a query': '/a?b#c',
  'dots in a fragment': '/a#/../b',
  'an empty fragment': '/#',
  'bytes above ASCII': '/\u00c3\u00bc',
  'bytes above ASCII in a query': '/a?b=\u00c3\u00bc',
  'a byte that is no character': '/\u00ff',
  'a DEL': '/a\u007f',
  'a control character': '/a\u0001',
  'a tab': '/a\tb',
  'a NUL': '/\0',
  'a whole address with dots': 'http://a/../x',
  'a whole address with escaped dots': 'http://a/%2e%2E/x',
  'a whole address with a backslash': 'http://a/x\\y',
  'a whole address with a backslash for its slash': 'http://a\\x',
  'a whole address with a fragment': 'http://a/x#y',
  'a whole address with a user': 'http://b@a/x',
  'a whole address with a user that is empty': 'http://@a/x',
  'a whole address without a host': 'http:///a/x',
  'a whole address with one slash': 'http:/a/x',
  'a whole address of something else': 'ftp://a/x',
  'a whole address of no scheme of the net': 'javascript://a/x',
  'a file': 'file:///x',
}

/** What is odd, and read in one way: as it stands. */
const ONE_READING: Readonly<Record<string, string>> = {
  'dots in a query': '/a?b=../c',
  'a path with dots in a query': '/a?/../b',
  'escaped dots in a query': '/a?b=%2e%2e/',
  'a backslash in a query': '/a?b=\\',
  'two slashes': '//evil',
  'two slashes and a path': '//evil/x',
  'a user behind two slashes': '//user@a/x',
  'slashes alone': '///',
  'an empty part': '/a//b',
  'an address as a path': '/http://a/x',
  'three dots': '/.../x',
  'a name that begins with a dot': '/.well-known/x',
  'a name that begins with two': '/..a/b',
  'a name that ends with dots': '/a../b',
  'a name that begins with an escaped dot': '/%2ewell-known',
  'dots with a parameter': '/..;/x',
  'an escaped slash': '/a%2fb',
  'dots between escaped slashes': '/..%2f..%5cx',
  'dots that are escaped twice': '/%252e%252e/x',
  'an escaped NUL': '/%00',
  'escaped line breaks': '/a%0d%0ab',
  'an escaped question mark and fragment': '/a%3fb%23c',
  'a parameter': '/a;b=c',
  'signs that a browser sends as they are': "/a|b[c]^'!$&()*+,:=@~",
  'signs that it sends in a query': '/a?{b}|[c]^`;d',
  'signs that it escapes': '/a"<b>{c}`',
  'an escape that is none in a query': '/a?b=%zz',
  'an empty query': '/a?',
  'a query in a query': '/a?b?c',
  'a whole address': 'http://a/x?y=../z',
  'a whole address with two slashes': 'http://a//x',
  'a whole address without a path': 'http://a?x/../y',
  'a whole address in capitals': 'HTTP://A/x',
  'a whole address behind TLS': 'https://a/x',
}

describe('a target', () => {
  test.each(Object.entries(REFUSED))(
    'is refused, and seen by no app: %s',
    async (_what, target) => {
      for (const version of ['1.1', '1.0']) {
        expect(await askAll(target, version)).toEqual(everywhere(400))
        expect(seen).toEqual({})
      }
    },
  )

  test.each(Object.entries(ONE_READING))('is the same to every app: %s', async (_what, target) => {
    const path = target.replace(/^https?:\/\/a(?=([/?]))/i, (_all, next) =>
      next === '?' ? '/' : '',
    )
    for (const version of ['1.1', '1.0']) {
      expect(await askAll(target, version)).toEqual(everywhere(200))
      for (const one of Object.values(seen)) expect(plain(one)).toBe(plain(path))
    }
  })

  // fastify and h3 refuse by themselves what they cannot decode.
  test.each(['/%zz', '/%', '/%ff'])(
    'is the same to every app that takes it: %s',
    async (target) => {
      const own = { fastify: 400, h3: expect.toBeOneOf([200, 400]) as number }
      expect(await askAll(target)).toEqual({ ...everywhere(200), ...own })
      expect(new Set(Object.values(seen).map(plain))).toEqual(new Set([plain(target)]))
    },
  )

  test('is refused where a URL parser reads another one, and nowhere else', async () => {
    const signs = '/ / / . . %2e %2E \\ %5c %2f # ? ; : @ % %zz %00 %ff | { " < ^ ` [ & = + * a b'
    const piece = fc.constantFrom(...signs.split(' '))
    const pieces = fc.array(piece, { maxLength: 10 }).map((all) => all.join(''))
    const targets = fc
      .tuple(fc.constantFrom('/', '/', '/', 'http://a/', 'http://a', 'http://a?'), pieces)
      // The name of the host is not what this is about.
      .filter(([start, rest]) => start !== 'http://a' || /^[/?#\\]/.test(rest))
    await fc.assert(
      fc.asyncProperty(targets, async ([start, rest]) => {
        const target = start + rest
        const path = target.replace(/^http:\/\/a/, '').replace(/^(?!\/)/, '/')
        const { pathname, search } = new URL(`http://a${path}`)
        const isRead = plain(pathname + search) === plain(path)
        const statuses = await askAll(target)
        for (const [name, status] of Object.entries(statuses)) {
          const mayRefuse = name === 'fastify' || name === 'h3'
          if (!mayRefuse || !isRead || status !== 400) expect(status).toBe(isRead ? 200 : 400)
        }
        if (!isRead) expect(seen).toEqual({})
        for (const one of Object.values(seen)) expect(plain(one)).toBe(plain(path))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a target that is refused', () => {
  test('is no probe, and is seen by no priority and no log', async () => {
    const noticed: unknown[] = []
    await using server = await serve(() => new Response('ok'), {
      lingerMs: 0,
      priority: ({ url }) => {
        noticed.push(url)
        return 'batch'
      },
      log: { info: ({ route }) => void noticed.push(route) },
    })
    for (const target of ['/./livez', '/a/../readyz', '/livez#', '/%2e/livez']) {
      const answer = await rawExchange(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      expect(statusesIn(answer)).toEqual([400])
      expect(answer).toMatch(/^connection: close/im)
    }
    await server.close()
    expect(noticed).toEqual([])
  })

  test('begins nothing that comes behind it', async () => {
    const { port } = servers['node:http'] as HttpServer
    const behind = 'GET /behind HTTP/1.1\r\nHost: a\r\n\r\n'
    const answer = await rawExchange(port, `GET /a/.. HTTP/1.1\r\nHost: a\r\n\r\n${behind}`)
    expect(statusesIn(answer)).toEqual([400])
    expect(seen).toEqual({})
  })

  test('is not handed over for an upgrade', async () => {
    await using server = await serve(() => new Response('ok'), { lingerMs: 0 })
    const upgraded: unknown[] = []
    server.client.on('upgrade', ({ url }, socket) => {
      upgraded.push(url)
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    })
    const ask = (target: string, host = 'a'): Promise<string> =>
      rawExchange(
        server.port,
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
      )
    expect(statusesIn(await ask('/a/../chat'))).toEqual([400])
    expect(statusesIn(await ask('/chat', 'a@b'))).toEqual([400])
    expect(statusesIn(await ask('/chat'))).toEqual([101])
    expect(statusesIn(await ask('http://a/chat'))).toEqual([101])
    expect(upgraded).toEqual(['/chat', '/chat'])
  })
})

describe('in memory', () => {
  const seesUrl = ({ url }: IncomingMessage, response: ServerResponse): unknown => response.end(url)

  test.each([
    ['/a/../x', '/x'],
    ['/%2e%2e/x', '/x'],
    ['//evil/x', '//evil/x'],
    ['/\\evil', '//evil'],
    ['/a#b', '/a'],
    ['/ü', '/%C3%BC'],
  ])('a path is asked for as fetch would: %s', async (path, url) => {
    expect(await (await inject(seesUrl, path)).text()).toBe(url)
    await using server = await serve(seesUrl, { lingerMs: 0 })
    expect(await (await fetch(server.url + path)).text()).toBe(url)
  })

  test('what is written on a connection is refused as well', async () => {
    await using server = await serveInMemory(seesUrl)
    const connection = server.connect()
    connection.write('GET /a/../x HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(statusesIn(await text(connection))).toEqual([400])
  })
})
