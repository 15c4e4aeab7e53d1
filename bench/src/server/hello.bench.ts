import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { serve } from '@yuzuru/server'
import { Hono } from 'hono'
import type { Benchmark, Case } from '../benchmark.ts'
import { startPeer } from '../peer.ts'

const REQUESTS = 5_000

function hello(): Hono {
  return new Hono().get('/hello', (c) => c.json({ hello: 'world' }))
}

/** hono as it comes, on its own adapter. */
async function bareHono(resources: AsyncDisposableStack): Promise<string> {
  const listener = getRequestListener(hello().fetch)
  const server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title:
    'a JSON hello over hono, 100 clients: scope, deadline, limit and id on, against none of it',
  operation: 'request',
  clock: 'cpu',
  bars: [
    { of: 'yuzuru', against: 'bare hono', atLeast: 0.85 },
    { of: 'yuzuru', against: 'bare hono', addedMicrosecondsAtMost: 8 },
  ],
  async cases(resources) {
    const ours = resources.use(await serve(hello(), { lingerMs: 0, log: { info() {} } }))
    const bare = await bareHono(resources)
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const through = (name: string, origin: string): Case => ({
      name,
      operations: REQUESTS,
      expected: REQUESTS,
      run: () => clients.ask({ origin, path: '/hello', requests: REQUESTS }),
    })
    return [through('yuzuru', ours.url), through('bare hono', bare)]
  },
}
