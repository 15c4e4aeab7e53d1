import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawExchange } from '../../test/raw-exchange.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

let server: HttpServer
const seen: string[] = []

beforeAll(async () => {
  server = await serve(
    async (request: Request) => {
      seen.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`)
      return new Response('ok')
    },
    { lingerMs: 0 },
  )
})

afterAll(() => server.close())

const HEAD = 'Host: a\r\nConnection: close\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

/** After PortSwigger's and the IETF's lists of request smuggling; each has a second request hidden. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a length and chunks': `POST / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunks and a length': `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'two lengths': `POST / HTTP/1.1\r\n${HEAD}Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  'a length with a sign': `POST / HTTP/1.1\r\n${HEAD}Content-Length: +0\r\n\r\n${SMUGGLED}`,
  'a length that is a list': `POST / HTTP/1.1\r\n${HEAD}Content-Length: 0, 0\r\n\r\n${SMUGGLED}`,
  'an encoding that is not chunked': `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'an encoding after a space': `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a header that is folded': `POST / HTTP/1.1\r\n${HEAD}X: a\r\n Content-Length: 50\r\n\r\n${SMUGGLED}`,
  'bare line feeds': `POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n${SMUGGLED}`,
  'a chunk size that overflows': `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n${SMUGGLED}`,
  'a chunk size with a sign': `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n${SMUGGLED}`,
  'a NUL in a header': `GET / HTTP/1.1\r\n${HEAD}X: a\0b\r\n\r\n${SMUGGLED}`,
  'a carriage return in a header': `GET / HTTP/1.1\r\n${HEAD}X: a\rb\r\n\r\n${SMUGGLED}`,
  'no host': `GET / HTTP/1.1\r\nConnection: close\r\n\r\n${SMUGGLED}`,
  'two hosts': `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n${SMUGGLED}`,
  'a version that is none': `GET / HTTP/9.9\r\n${HEAD}\r\n${SMUGGLED}`,
  'a method that is none': `G<T / HTTP/1.1\r\n${HEAD}\r\n${SMUGGLED}`,
  'a head of a megabyte': `GET / HTTP/1.1\r\n${HEAD}X: ${'a'.repeat(2 ** 20)}\r\n\r\n${SMUGGLED}`,
  'ten thousand headers': `GET / HTTP/1.1\r\n${HEAD}${'X: a\r\n'.repeat(10_000)}\r\n${SMUGGLED}`,
  'a line of a megabyte': `GET /${'a'.repeat(2 ** 20)} HTTP/1.1\r\n${HEAD}\r\n${SMUGGLED}`,
  'no HTTP at all': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
}

describe('what is not a request', () => {
  test.each(Object.entries(HOSTILE))('gets a 4xx or no answer: %s', async (_what, bytes) => {
    const before = seen.length
    const answer = await rawExchange(server.port, Buffer.from(bytes, 'latin1'))
    const answers = answer.split('HTTP/1.1 ').length - 1
    expect(answers).toBeLessThanOrEqual(1)
    expect(answer).toMatch(/^(?:$|HTTP\/1\.1 4\d\d )/)
    expect(seen.slice(before).filter((request) => request.includes('smuggled'))).toEqual([])
  })

  test('leaves the server as it was', async () => {
    const answer = await fetch(`${server.url}/still`, { headers: { connection: 'close' } })
    expect([answer.status, seen.at(-1)]).toEqual([200, 'GET /still '])
  })
})

describe('a path', () => {
  test.each(['/../../etc/passwd', '/%2e%2e/x', '/a/./b', '//evil', '/%00', '/%ff', '/a?b=../c'])(
    '%s is the app’s to judge, and no crash',
    async (path) => {
      const answer = await rawExchange(server.port, `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 [24]\d\d /)
    },
  )
})
