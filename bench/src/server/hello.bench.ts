import { serve } from '@yuzuru/server'
import fastify from 'fastify'
import { Hono } from 'hono'
import type { Benchmark, Case } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { bareHono } from './bare-hono.ts'

const REQUESTS = 10_000

function hello(): Hono {
  return new Hono().get('/hello', (c) => c.json({ hello: 'world' }))
}

async function bareFastify(resources: AsyncDisposableStack): Promise<string> {
  const app = fastify()
  app.get('/hello', () => ({ hello: 'world' }))
  resources.defer(() => app.close())
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title:
    'a JSON hello over hono, 100 clients: scope, deadline, limit and id on, against none of it',
  operation: 'request',
  clock: 'cpu',
  warmUpMs: 2_000,
  bars: [
    { of: 'yuzuru', against: 'bare hono', atLeast: 0.85 },
    { of: 'yuzuru', against: 'bare fastify', atLeast: 0.7 },
    { of: 'yuzuru', against: 'bare hono', addedMicrosecondsAtMost: 8 },
  ],
  async cases(resources) {
    const ours = resources.use(await serve(hello(), { lingerMs: 0, log: { info() {} } }))
    const hono = await bareHono(hello(), resources)
    const other = await bareFastify(resources)
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const through = (name: string, origin: string): Case => ({
      name,
      operations: REQUESTS,
      expected: REQUESTS,
      run: () => clients.ask({ origin, path: '/hello', requests: REQUESTS }),
    })
    return [through('yuzuru', ours.url), through('bare hono', hono), through('bare fastify', other)]
  },
}
