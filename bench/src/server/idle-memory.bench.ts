import type { Figure, Measurement } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { CONNECTIONS } from './idle.ts'

const MIB = 2 ** 20

export const benchmark: Measurement = {
  kind: 'measurement',
  title: '10,000 idle connections, each after one request',
  bars: {
    'yuzuru / bare node:http': { atMost: 1.1 },
  },
  async measure() {
    const ours = await memoryOf('ours')
    const bare = await memoryOf('bare')
    const figure = (name: string, value: number): Figure => ({ name, value, unit: 'MiB' })
    return [
      figure('yuzuru, resident', ours / MIB),
      figure('bare node:http, resident', bare / MIB),
      { name: 'yuzuru / bare node:http', value: ours / bare, unit: '×' },
    ]
  },
}

/**
 * The young generation has from the start the size that it grows to in a server that has been busy: V8 makes it twice as
 * large whenever enough has survived in it, so that what happened to be alive as the clients came would decide over
 * 20 MiB, idle connections or not.
 */
const YOUNG = ['--min-semi-space-size=16', '--max-semi-space-size=16']

/** Of a whole process, as both begin with the same Node. */
async function memoryOf(kind: 'ours' | 'bare'): Promise<number> {
  await using server = startPeer(import.meta.resolve('./idle-server.ts'), [kind], YOUNG)
  const origin = await server.next()
  await using clients = startPeer(import.meta.resolve('./idle-clients.ts'))
  if ((await clients.ask(origin)) !== CONNECTIONS) throw new Error('Not all could connect')
  return (await server.ask('memory')) as number
}
