import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

let server: HttpServer
let seen: string[] = []

beforeAll(async () => {
  server = await serve(
    async (request: Request) => {
      const { method, url } = request
      // Before the body: what is begun is seen, whatever becomes of its body.
      const at = seen.push(`${method} ${new URL(url).pathname}`) - 1
      seen[at] += ` ${await request.text()}`
      return new Response('ok')
    },
    { lingerMs: 0 },
  )
})

beforeEach(() => {
  seen = []
})

afterAll(() => server.close())

const HOST = 'Host: a\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

const post = (headers: string, body = SMUGGLED): string =>
  `POST / HTTP/1.1\r\n${HOST}${headers}\r\n${body}`
const get = (headers: string, target = '/'): string =>
  `GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n${SMUGGLED}`

/** After PortSwigger's and the IETF's lists of request smuggling; each has a second request hidden. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a length and chunks': post(`Content-Length: 4\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`),
  'chunks and a length': post(`${CHUNKED}Content-Length: 4\r\n`, `0\r\n\r\n${SMUGGLED}`),
  'two lengths': post(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`),
  'two equal lengths': post('Content-Length: 0\r\nContent-Length: 0\r\n'),
  'a length with a sign': post('Content-Length: +0\r\n'),
  'a negative length': post('Content-Length: -1\r\n'),
  'a length in hex': post('Content-Length: 0x0\r\n'),
  'a length that is a list': post('Content-Length: 0, 0\r\n'),
  'a length that overflows': post('Content-Length: 18446744073709551616\r\n'),
  'an empty length': post('Content-Length:\r\n'),
  'an encoding that is not chunked': post(
    'Transfer-Encoding: xchunked\r\n',
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'an encoding that is identity': post('Transfer-Encoding: identity\r\n'),
  'chunks that are encoded once more': post(
    'Transfer-Encoding: chunked, gzip\r\n',
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'an encoding with a vertical tab': post(
    'Transfer-Encoding:\u000bchunked\r\n',
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'an encoding after a space': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  'an encoding in a folded header': post('Transfer-Encoding:\r\n chunked\r\n'),
  'a header that is folded': post(`X: a\r\n Content-Length: ${SMUGGLED.length}\r\n`),
  'a first header that begins with a space': `GET / HTTP/1.1\r\n ${HOST}\r\n${SMUGGLED}`,
  'a header without a colon': get('X\r\n'),
  'a header without a name': get(': a\r\n'),
  'bare line feeds': `POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n${SMUGGLED}`,
  'a bare line feed in the head': post('X: a\nContent-Length: 0\r\n'),
  'a bare line feed after a chunk size': post(CHUNKED, `0\n\r\n${SMUGGLED}`),
  'a chunk size that overflows': post(CHUNKED, `FFFFFFFFFFFFFFFFF\r\n${SMUGGLED}`),
  'a chunk size with a sign': post(CHUNKED, `+0\r\n\r\n${SMUGGLED}`),
  'a chunk size in 0x': post(CHUNKED, `0x0\r\n\r\n${SMUGGLED}`),
  'an empty chunk size': post(CHUNKED, `\r\n\r\n${SMUGGLED}`),
  'garbage after a chunk': post(CHUNKED, `1\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
  'extensions of a chunk without end': post(CHUNKED, `1;${'x'.repeat(2 ** 15)}\r\na\r\n0\r\n\r\n`),
  'a NUL in a header': get('X: a\0b\r\n'),
  'a NUL in a name': get('X\0: a\r\n'),
  'a NUL in the path': get('', '/\0'),
  'a carriage return in a header': get('X: a\rb\r\n'),
  'no host': `GET / HTTP/1.1\r\n\r\n${SMUGGLED}`,
  'two hosts': `GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n${SMUGGLED}`,
  'two equal hosts': `GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'a target of another host': get('', 'http://b/'),
  'a target with a name before the host': get('', 'http://a@b/'),
  'a host with a user': `GET / HTTP/1.1\r\nHost: a@b\r\n\r\n${SMUGGLED}`,
  'a host with a path': `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n${SMUGGLED}`,
  'a host with a space': `GET / HTTP/1.1\r\nHost: a b\r\n\r\n${SMUGGLED}`,
  'a host that is two': `GET / HTTP/1.1\r\nHost: a, b\r\n\r\n${SMUGGLED}`,
  'a host with a port that is none': `GET / HTTP/1.1\r\nHost: a:x\r\n\r\n${SMUGGLED}`,
  'a host with a port that is too high': `GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n${SMUGGLED}`,
  'a host that is a port': `GET / HTTP/1.1\r\nHost: :80\r\n\r\n${SMUGGLED}`,
  'a host that is escaped': `GET / HTTP/1.1\r\nHost: %61\r\n\r\n${SMUGGLED}`,
  'a host that is no address': `GET / HTTP/1.1\r\nHost: 1.2.3.999\r\n\r\n${SMUGGLED}`,
  'a host that is no address of IPv6': `GET / HTTP/1.1\r\nHost: [1]\r\n\r\n${SMUGGLED}`,
  'chunks behind another coding': post(
    'Transfer-Encoding: gzip, chunked\r\n',
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'chunks behind another coding in a line of its own': post(
    `Transfer-Encoding: gzip\r\n${CHUNKED}`,
    `0\r\n\r\n${SMUGGLED}`,
  ),
  'chunks behind nothing': post('Transfer-Encoding: ,chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunks in quotes': post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunks in HTTP/1.0': `POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n${CHUNKED}\r\n0\r\n\r\n${SMUGGLED}`,
  'a star that is no question about the server': `GET * HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
  'a target that is no URL': get('', 'http://'),
  'a target that is no path': get('', 'a'),
  'a space in the target': get('', '/a b'),
  'dots in the path': get('', '/../../etc/passwd'),
  'dots in the path that are escaped': get('', '/%2e%2E/x'),
  'dots in a whole address': get('', 'http://a/./x'),
  'a backslash in the path': get('', '/\\evil'),
  'a fragment': get('', '/a#b'),
  'UTF-8 in the target': get('', '/\u00c3\u00bc'),
  'bytes that are no UTF-8 in the target': get('', '/\u00ff\u00fe'),
  'an HTTP/0.9 request': `GET /\r\n${SMUGGLED}`,
  'the head of HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${SMUGGLED}`,
  'a tunnel': `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
  'a version that is none': `GET / HTTP/9.9\r\n${HOST}\r\n${SMUGGLED}`,
  'a request of HTTP/2.0': `GET / HTTP/2.0\r\n${HOST}\r\n${SMUGGLED}`,
  'chunks in HTTP/2.0': `POST / HTTP/2.0\r\n${HOST}${CHUNKED}\r\n0\r\n\r\n${SMUGGLED}`,
  'a request of HTTP/0.9 with a head': `GET / HTTP/0.9\r\n${HOST}\r\n${SMUGGLED}`,
  'a method that is none': `G<T / HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
  'an expectation that is none': post('Content-Length: 0\r\nExpect: a\r\n'),
  'an expectation with a word before it': post('Content-Length: 0\r\nExpect: y 100-continue\r\n'),
  'an expectation that is the value of another': post(
    'Content-Length: 0\r\nExpect: x=100-continue\r\n',
  ),
  'a head of a megabyte': get(`X: ${'a'.repeat(2 ** 20)}\r\n`),
  'ten thousand headers': get('X: a\r\n'.repeat(10_000)),
  'trailers of a megabyte': post(CHUNKED, `0\r\n${'X: a\r\n'.repeat(2 ** 17)}\r\n${SMUGGLED}`),
  'a line of a megabyte': get('', `/${'a'.repeat(2 ** 20)}`),
  'no HTTP at all': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
}

describe('what is not a request', () => {
  test.each(Object.entries(HOSTILE))('gets a 4xx or no answer: %s', async (_what, bytes) => {
    const answer = await rawExchange(server.port, Buffer.from(`${bytes}${LAST}`, 'latin1'))
    const statuses = statusesIn(answer)
    expect(statuses.length).toBeLessThanOrEqual(1)
    expect(statuses.filter((status) => status < 400 || status > 499)).toEqual([])
    expect(seen.filter((request) => /smuggled|last/.test(request))).toEqual([])
  })

  test.each(Object.entries(HOSTILE))(
    'gets no second answer where it is the second of a connection: %s',
    async (_what, bytes) => {
      const first = `GET /first HTTP/1.1\r\n${HOST}\r\n`
      const answer = await rawExchange(
        server.port,
        Buffer.from(`${first}${bytes}${LAST}`, 'latin1'),
      )
      const [status, ...others] = statusesIn(answer)
      expect(seen[0]).toBe('GET /first ')
      // What was begun is answered, and what is refused behind it at the most once.
      expect(status).toBe(200)
      expect(others.length).toBeLessThanOrEqual(1)
      expect(others.filter((other) => other < 400 || other > 499)).toEqual([])
      expect(seen.filter((request) => /smuggled|last/.test(request))).toEqual([])
    },
  )

  test('leaves the server as it was', async () => {
    const answer = await fetch(`${server.url}/still`, { headers: { connection: 'close' } })
    expect([answer.status, seen.at(-1)]).toEqual([200, 'GET /still '])
  })
})

/** What is odd, and allowed: read in the one way that there is. */
const ODD: Readonly<Record<string, readonly [bytes: string, seen: string]>> = {
  'an extension of a chunk': [post(CHUNKED, '2;a=b;c="d"\r\nhi\r\n0\r\n\r\n'), 'POST / hi'],
  'a trailer': [post(CHUNKED, '2\r\nhi\r\n0\r\nX: a\r\n\r\n'), 'POST / hi'],
  'an empty line before a request': [`\r\n${post('Content-Length: 2\r\n', 'hi')}`, 'POST / hi'],
  'leading zeros of a length': [post('Content-Length: 0002\r\n', 'hi'), 'POST / hi'],
  'a header that is not UTF-8': [
    post('X: \u00ff\u00fe\r\nContent-Length: 2\r\n', 'hi'),
    'POST / hi',
  ],
  'a target with its own host': [`GET http://a/x HTTP/1.1\r\n${HOST}\r\n`, 'GET /x '],
  'a target with its own host, and no path': [`GET http://a HTTP/1.1\r\n${HOST}\r\n`, 'GET / '],
  'a target with another scheme': [`GET https://a/x HTTP/1.1\r\n${HOST}\r\n`, 'GET /x '],
  'a host with a port': ['GET /x HTTP/1.1\r\nHost: a_b.c:80\r\n\r\n', 'GET /x '],
  'a host that is an address': ['GET /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', 'GET /x '],
  'chunks in capitals': [
    post('TRANSFER-ENCODING: CHUNKED\r\n', '2\r\nhi\r\n0\r\n\r\n'),
    'POST / hi',
  ],
}

test.each(Object.entries(ODD))('%s is read in one way', async (_what, [bytes, first]) => {
  const answer = await rawExchange(server.port, Buffer.from(`${bytes}${LAST}`, 'latin1'))
  expect(statusesIn(answer)).toEqual([200, 200])
  expect(seen).toEqual([first, 'GET /last '])
})

test('garbage behind a whole request is refused, once, after the answer to that', async () => {
  const bytes = post(CHUNKED, `2\r\nhi\r\n0\r\n\r\n\u0000\u0001${SMUGGLED}${LAST}`)
  const answer = await rawExchange(server.port, Buffer.from(bytes, 'latin1'))
  expect(statusesIn(answer)[0]).toBe(200)
  expect(statusesIn(answer).slice(1)).toEqual([])
  expect(seen).toEqual(['POST / hi'])
})

describe('a target that is a whole address', () => {
  test('is a probe where its path is one, and is named, and seen by all, by its path', async () => {
    const urls: unknown[] = []
    const routes: unknown[] = []
    const seesUrl = ({ url }: IncomingMessage): 'batch' => {
      urls.push(url)
      return 'batch'
    }
    await using server = await serve(
      (request: IncomingMessage, response: ServerResponse): unknown => response.end(request.url),
      { lingerMs: 0, priority: seesUrl, log: { info: ({ route }) => void routes.push(route) } },
    )
    const ask = (target: string): Promise<string> =>
      rawExchange(server.port, `GET ${target} HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n`)
    expect(await ask('http://a:80/livez')).toMatch(/200 [^]*"ok":true/)
    expect(urls).toEqual([])
    expect(await ask('http://a:80/plans?x=http://b/')).toMatch(/\/plans\?x=http:\/\/b\/$/)
    expect(await ask('http://a:80?x=1')).toMatch(/\/\?x=1$/)
    expect(urls).toEqual(['/plans?x=http://b/', '/?x=1'])
    await server.close()
    expect(routes).toEqual(['GET /plans', 'GET /'])
  })
})

describe('a request for an upgrade that it does not get', () => {
  const UPGRADE = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n'
  const WHOLE: Readonly<Record<string, readonly string[]>> = {
    'without a body': [get(UPGRADE).replace(SMUGGLED, '')],
    'with a body': [post(`${UPGRADE}Content-Length: 2\r\n`, 'hi')],
    'with a body that comes later': [post(`${UPGRADE}Content-Length: 2\r\n`, ''), 'hi'],
    'with a body in parts': [post(`${UPGRADE}Content-Length: 4\r\n`, 'hi'), 'ho'],
    'with an empty body': [post(`${UPGRADE}Content-Length: 0\r\n`, '')],
  }
  const chunked = post(`${UPGRADE}${CHUNKED}`, '2\r\nhi\r\n0\r\n\r\n')

  /** Sends each part once the one before it has been read; gives all that comes back. */
  async function exchange(parts: readonly string[]): Promise<string> {
    const accepted = once(server.client, 'connection') as Promise<[Socket]>
    const socket = connect(server.port, '127.0.0.1')
    const answer = text(socket)
    const [taken] = await accepted
    let sent = 0
    for (const part of parts) {
      socket.write(part)
      sent += part.length
      while (taken.bytesRead < sent && !taken.destroyed) await setImmediate()
    }
    return await answer
  }

  test.each(Object.entries(WHOLE))('keeps its connection: %s', async (_what, parts) => {
    expect(statusesIn(await exchange([...parts, LAST]))).toEqual([200, 200])
    expect(seen).toHaveLength(2)
  })

  // Node drops what it had read behind it: the rest would begin in the middle of a request.
  const behind = `POST /behind HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n`
  test.each([...Object.entries(WHOLE), ['with chunks', [chunked]] as const])(
    'ends its connection if something is sent behind it, and begins nothing of that: %s',
    async (_what, parts) => {
      const answer = await exchange([
        ...parts.slice(0, -1),
        `${parts.at(-1)}${behind}`,
        `${SMUGGLED}${LAST}`,
      ])
      expect(statusesIn(answer)).toEqual([200])
      expect(answer).toMatch(/^connection: close/im)
      expect(seen).toHaveLength(1)
    },
  )
})
