/** A server that answers a JSON hello, alone in its process, as it would be deployed. Says its origin first. */
import { serve } from '@yuzuru/server'
import fastify from 'fastify'
import { Hono } from 'hono'
import { letMeasure } from '../peer.ts'
import { bareHono } from './bare-hono.ts'

/** What can serve it. */
export type HelloServer = 'yuzuru' | 'bare hono' | 'bare fastify'

const HELLO = { hello: 'world' }

const SERVERS: Record<HelloServer, (resources: AsyncDisposableStack) => Promise<string>> = {
  async yuzuru(resources) {
    const server = await serve(hono(), { lingerMs: 0, log: { info() {} } })
    return resources.use(server).url
  },
  'bare hono': (resources) => bareHono(hono(), resources),
  async 'bare fastify'(resources) {
    const app = fastify()
    app.get('/hello', () => HELLO)
    resources.defer(() => app.close())
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
}

function hono(): Hono {
  return new Hono().get('/hello', (c) => c.json(HELLO))
}

const resources = new AsyncDisposableStack()
const origin = await SERVERS[process.argv[2] as HelloServer](resources)
letMeasure()
process.send?.(origin)
process.once('disconnect', () => void resources.disposeAsync())
