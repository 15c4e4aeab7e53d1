import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { rawExchange, statusesIn } from '../../test/raw-exchange.ts'
import { serve } from '../listening/serve.ts'
import { requestScope } from './request-scope.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** What fails an answer while it waits for an earlier one on its connection. */
const FAILING: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'it is destroyed': (response) => response.destroy(),
  'it is longer than its head says': (response) =>
    response.writeHead(200, { 'content-length': 1 }).end('two'),
  'it has a status of 1xx': (response) => response.writeHead(103).end(),
  'it fails in its middle': (response) => {
    response.writeHead(200).write('tw')
    throw new Error('no')
  },
}

/** Servers of a listener, by their ports. */
const SERVERS: Readonly<Record<string, (listener: Listener) => Promise<number>>> = {
  serve: async (listener) => {
    const server = await serve((request: IncomingMessage, response: ServerResponse) =>
      listener(request, response),
    )
    onTestFinished(() => server.close({ drainMs: 0 }))
    return server.port
  },
  requestScope: async (listener) => {
    const scope = requestScope()
    const server = createServer((request, response) =>
      scope(request, response, () => listener(request, response)),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      await scope.close({ drainMs: 0 })
      server.close()
    })
    return (server.address() as AddressInfo).port
  },
}

const CASES = Object.keys(SERVERS).flatMap((server) =>
  Object.keys(FAILING).map((why): [string, string] => [server, why]),
)

test.each(CASES)(
  '%s: the connection of an answer that is cut while it waits ends in its turn, without the next one: %s',
  async (server, why) => {
    const third = Promise.withResolvers<void>()
    const listen = SERVERS[server] as (listener: Listener) => Promise<number>
    const port = await listen(async ({ url }, response) => {
      if (url === '/2') return FAILING[why]?.(response)
      if (url === '/3') third.resolve()
      await third.promise
      return response.end(url)
    })
    const requests = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const answer = await rawExchange(port, requests.join(''))
    expect(statusesIn(answer)).toEqual([200])
    expect(answer).toMatch(/\r\n\r\n(?:2\r\n)?\/1/)
    expect(answer).not.toMatch(/tw|\/3/)
  },
)
