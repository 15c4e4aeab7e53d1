import { setTimeout } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Benchmark } from '../benchmark.ts'
import { type Peer, startPeer } from '../peer.ts'
import { startStore } from './store.ts'

const ROUNDS = 3

/** What the four clients of `endpoint-clients.ts` are to be answered. */
const EXPECTED = Array.from({ length: 4 }, () => 64 * 1_024 ** 2).join()

/** What of so many latencies is the 99th of a hundred, in milliseconds. */
function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? NaN
}

/** Asks the endpoint every few milliseconds for as long as the work lasts. */
async function p99During(pool: Pool, work: Promise<unknown>): Promise<number> {
  const ended = new AbortController()
  const done = work.finally(() => ended.abort())
  const all: number[] = []
  while (!ended.signal.aborted) {
    const before = performance.now()
    const { body } = await pool.request({ method: 'GET', path: '/' })
    if ((await body.text()) !== 'hello') throw new Error('The endpoint gave a wrong answer')
    all.push(performance.now() - before)
    await setTimeout(2)
  }
  await done
  return p99(all)
}

/** Has the clients upload, again and again. */
async function uploads(clients: Peer, path: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const answer = await clients.ask(path)
    if (answer !== EXPECTED) throw new Error(`The uploads were answered with ${String(answer)}`)
  }
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'a trivial endpoint of an app while four clients upload 64 MiB each through it, p99',
  bars: {
    'its longest turn meanwhile, processor time': { atMost: 30 },
    'added to idle': { atMost: 30 },
  },
  async measure(resources) {
    const { origin } = await startStore(resources)
    const app = resources.use(startPeer(import.meta.resolve('./endpoint-app.ts'), [origin]))
    const address = `http://127.0.0.1:${String(await app.next())}`
    const program = import.meta.resolve('./endpoint-clients.ts')
    const clients = resources.use(startPeer(program, [address]))
    const pool = resources.adopt(new Pool(address), (it) => it.close())
    const paths = ['/nowhere', '/store']
    for (const path of paths) await uploads(clients, path, 1)
    await p99During(pool, setTimeout(500))
    const idle = await p99During(pool, setTimeout(2_000))
    const [dropped = NaN, stored = NaN] = await Array.fromAsync(paths, async (path) => {
      await app.ask('begin')
      return await p99During(pool, uploads(clients, path, ROUNDS))
    })
    const turn = Number(await app.ask('end'))
    return [
      { name: 'idle', value: idle, unit: 'ms' },
      { name: 'while they upload and the app drops it', value: dropped, unit: 'ms' },
      { name: 'while they upload and the app stores it', value: stored, unit: 'ms' },
      { name: 'its longest turn meanwhile, processor time', value: turn, unit: 'ms' },
      { name: 'added to idle', value: stored - idle, unit: 'ms' },
    ]
  },
}
