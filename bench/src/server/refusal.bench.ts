import { request } from 'node:http'
import { serve } from '@yuzuru/server'
import type { Measurement } from '../benchmark.ts'
import { startPeer } from '../peer.ts'

const REQUESTS = 20_000

export const benchmark: Measurement = {
  kind: 'measurement',
  title: 'a request that is refused, with its log line, 100 clients',
  bars: {
    'all of it, HTTP too, processor time': { atMost: 100 },
  },
  async measure(resources) {
    const begun = Promise.withResolvers<void>()
    const app = (): Promise<Response> => {
      begun.resolve()
      return new Promise(() => {})
    }
    const options = { limit: 1, queue: 0, lingerMs: 0, drainMs: 0, graceMs: 0, log: { info() {} } }
    const server = resources.use(await serve(app, options))
    const clients = resources.use(startPeer(import.meta.resolve('./refused-load.ts')))
    const holding = request(server.url).on('error', () => {})
    holding.end()
    await begun.promise
    resources.defer(() => void holding.destroy())
    const order = { origin: server.url, path: '/plans', requests: REQUESTS }
    await clients.ask(order)
    const before = process.cpuUsage()
    const right = await clients.ask(order)
    const { user, system } = process.cpuUsage(before)
    if (right !== REQUESTS) throw new Error(`Only ${String(right)} of ${REQUESTS} were refused`)
    const value = (user + system) / REQUESTS
    return [{ name: 'all of it, HTTP too, processor time', value, unit: 'µs' }]
  },
}
