import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { rawExchange } from '../../test/raw-exchange.ts'
import { currentRequest } from '../request/current-request.ts'
import type { App } from './app.ts'
import { serve } from './serve.ts'

const APPS: Readonly<Record<string, App>> = {
  'at once': (_request: IncomingMessage, response: ServerResponse) => response.end('done'),
  'after a wait': async (_request: IncomingMessage, response: ServerResponse) => {
    await new Promise(setImmediate)
    response.end('done')
  },
  'by fetch': async () => new Response('done'),
}

for (const [what, app] of Object.entries(APPS)) {
  test(`an idle connection keeps nothing of a request that was answered ${what}`, async () => {
    await using server = await serve(app, { lingerMs: 0, limits: { idleTimeoutMs: 1 } })
    server.client.keepAliveTimeoutBuffer = 0
    const around: unknown[] = []
    server.client.on('connection', (socket) => {
      // In the context that the timer of the idle connection keeps.
      socket.once('timeout', () => around.push(currentRequest()?.name))
    })
    // Ends as the timer does: the client keeps the connection.
    expect(await rawExchange(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/done/)
    expect(around).toEqual([undefined])
  })
}
