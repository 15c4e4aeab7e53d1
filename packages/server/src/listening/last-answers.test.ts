import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { serve } from './serve.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** Ways in which a handler of Node says that its answer is the last. */
const CLOSING: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'a header that is set': (response) => response.setHeader('connection', 'close'),
  'a header of writeHead': (response) => response.writeHead(200, { Connection: 'close' }),
  'a list of headers': (response) => response.writeHead(200, ['connection', 'Close']),
}

describe('a handler that gives its answer Connection: close', () => {
  test.each(Object.entries(CLOSING))(
    'has nothing begun that comes behind its head: %s',
    async (_what, say) => {
      const begun: (string | undefined)[] = []
      const second = Promise.withResolvers<void>()
      const app = async ({ url }: IncomingMessage, response: ServerResponse): Promise<void> => {
        begun.push(url)
        say(response)
        response.write('a')
        await second.promise
        response.end('b')
      }
      await using server = await serve(app, { lingerMs: 0 })
      const client = connect(server.port, '127.0.0.1')
      client.write(REQUEST)
      client.once('data', () => {
        // Its head is there.
        server.client.once('request', () => second.resolve())
        client.write(NEXT)
      })
      expect(statusesIn(await text(client))).toEqual([200])
      expect(begun).toEqual(['/'])
    },
  )

  test.each(Object.entries(CLOSING))(
    'has its connection kept for what was begun behind it: %s',
    async (_what, say) => {
      const second = Promise.withResolvers<void>()
      const app = async ({ url }: IncomingMessage, response: ServerResponse): Promise<void> => {
        if (url === '/next') second.resolve()
        await second.promise
        if (url === '/') say(response)
        response.end(url)
      }
      await using server = await serve(app, { lingerMs: 0 })
      const answer = await rawExchange(server.port, REQUEST + NEXT)
      expect(statusesIn(answer)).toEqual([200, 200])
      expect(answer.match(/connection: close/gi)).toHaveLength(1)
    },
  )

  test('also a fetch handler', async () => {
    const second = Promise.withResolvers<void>()
    const app = async ({ url }: Request): Promise<Response> => {
      if (url.endsWith('/next')) second.resolve()
      await second.promise
      return new Response(url, { headers: { connection: 'close' } })
    }
    await using server = await serve(app, { lingerMs: 0 })
    const answer = await rawExchange(server.port, REQUEST + NEXT)
    expect(statusesIn(answer)).toEqual([200, 200])
    expect(answer.match(/connection: close/gi)).toHaveLength(1)
  })
})

/** Ways in which a handler of Node takes from its answer what says where the body ends, but for its connection's end. */
const UNFRAMED: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'without transfer-encoding': (response) => response.removeHeader('transfer-encoding'),
  'without chunks by default': (response) => (response.useChunkedEncodingByDefault = false),
}

describe('an answer that only the end of its connection would delimit', () => {
  /** @param isEarly whether it says so before the second request comes */
  const exchange = async (say: (response: ServerResponse) => unknown, isEarly: boolean) => {
    const second = Promise.withResolvers<void>()
    const app = async ({ url }: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (url === '/next') second.resolve()
      else if (isEarly) say(response)
      await second.promise
      if (url !== '/next' && !isEarly) say(response)
      response.write('a')
      response.end('b')
    }
    await using server = await serve(app, { lingerMs: 0 })
    return await rawExchange(server.port, REQUEST + NEXT)
  }

  test.each(Object.entries(UNFRAMED))(
    'comes in chunks if something was begun behind it: %s',
    async (_what, say) => {
      for (const isEarly of [true, false]) {
        const answer = await exchange(say, isEarly)
        expect(statusesIn(answer)).toEqual([200, 200])
        expect(answer.match(/transfer-encoding: chunked/gi)).toHaveLength(2)
        expect(answer.match(/connection: close/gi)).toHaveLength(1)
      }
    },
  )

  test.each(Object.entries(UNFRAMED))('ends with it if nothing was: %s', async (_what, say) => {
    const app = (_request: IncomingMessage, response: ServerResponse): void => {
      say(response)
      response.write('a')
      response.end('b')
    }
    await using server = await serve(app, { lingerMs: 0 })
    const answer = await rawExchange(server.port, REQUEST)
    expect(answer).toMatch(/\r\n\r\nab$/)
    expect(answer).not.toMatch(/^transfer-encoding/im)
  })
})

describe('limits.maxRequestsPerConnection', () => {
  const counting = async (lines: string[]) =>
    await serve(
      ({ url }: Request) => {
        lines.push(new URL(url).pathname)
        return new Response('ok')
      },
      { lingerMs: 0, limits: { maxRequestsPerConnection: 2 } },
    )

  test('ends a connection with its last answer, which says so', async () => {
    const begun: string[] = []
    await using server = await counting(begun)
    const client = connect(server.port, '127.0.0.1')
    client.write(REQUEST)
    client.once('data', () => client.write(REQUEST))
    const answer = await text(client)
    expect(statusesIn(answer)).toEqual([200, 200])
    expect(answer.match(/connection: close/gi)).toHaveLength(1)
    expect(begun).toEqual(['/', '/'])
  })

  test('has nothing begun that is pipelined behind that', async () => {
    const begun: string[] = []
    await using server = await counting(begun)
    const answer = await rawExchange(server.port, REQUEST + REQUEST + NEXT)
    expect(statusesIn(answer).slice(0, 2)).toEqual([200, 200])
    expect(statusesIn(answer).slice(2)).not.toContain(200)
    expect(begun).toEqual(['/', '/'])
  })
})
