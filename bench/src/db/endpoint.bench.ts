import { createDatabase } from '@yuzuru/db'
import type { Benchmark, Case } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { bareKysely } from './bare-kysely.ts'
import { serveOffices } from './endpoint-server.ts'
import { type Schema, startWithOffices } from './schema.ts'

const REQUESTS = 2_000
const CONNECTIONS = 10

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'an endpoint of two indexed SELECTs, 100 clients, pools of 10',
  operation: 'query',
  clock: 'wall',
  bars: [
    { of: 'yuzuru', against: 'bare Kysely', atLeast: 0.95 },
    { of: 'yuzuru', against: 'bare Kysely', addedMicrosecondsAtMost: 10 },
    { of: 'yuzuru, pipelined', against: 'bare Kysely', atLeast: 1.8 },
  ],
  async cases(resources) {
    const url = await startWithOffices(resources)
    const options = { url, connections: CONNECTIONS }
    const databases = new Map([
      ['ours', resources.use(createDatabase<Schema>(options))],
      ['pipelined', resources.use(createDatabase<Schema>({ ...options, reads: 'pipelined' }))],
      ['bare', resources.use(bareKysely(url, CONNECTIONS))],
    ])
    const origin = await serveOffices(databases, resources)
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const through = (name: string, path: string): Case => {
      const order = { origin, path, requests: REQUESTS }
      return {
        name,
        operations: REQUESTS * 2,
        expected: REQUESTS,
        run: () => clients.ask(order),
      }
    }
    return [
      through('yuzuru', '/ours'),
      through('yuzuru, pipelined', '/pipelined'),
      through('bare Kysely', '/bare'),
    ]
  },
}
