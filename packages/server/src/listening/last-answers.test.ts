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
