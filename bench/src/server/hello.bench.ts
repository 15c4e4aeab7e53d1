import type { Benchmark, Case } from '../benchmark.ts'
import { startMeasured, startPeer } from '../peer.ts'
import type { HelloServer } from './hello-server.ts'

/** How many each gets in a turn: few, as the pace of a machine that others share changes within a second. */
const REQUESTS = 2_500
const ROUNDS = 31

const SERVERS: readonly HelloServer[] = ['yuzuru', 'bare hono', 'bare fastify']

export const benchmark: Benchmark = {
  kind: 'comparison',
  title:
    'a JSON hello over hono, 100 clients: scope, deadline, limit and id on, against none of it',
  operation: 'request',
  clock: 'cpu',
  warmUpMs: 2_000,
  rounds: ROUNDS,
  bars: [
    { of: 'yuzuru', against: 'bare hono', atLeast: 0.85 },
    { of: 'yuzuru', against: 'bare fastify', atLeast: 0.7 },
    { of: 'yuzuru', against: 'bare hono', addedMicrosecondsAtMost: 8 },
  ],
  async cases(resources) {
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const through = async (name: HelloServer): Promise<Case> => {
      // Together in one process, what the compiler learns of each makes the others slower.
      const measured = resources.use(
        startMeasured(import.meta.resolve('./hello-server.ts'), [name]),
      )
      const origin = await measured.next()
      return {
        name,
        operations: REQUESTS,
        expected: REQUESTS,
        run: () => clients.ask({ origin, path: '/hello', requests: REQUESTS }),
        measured,
      }
    }
    return await Promise.all(SERVERS.map(through))
  },
}
