import { Pool } from 'undici'
import { withTimeout } from '@yuzuru/concurrency'
import { createHttp, type Http } from '@yuzuru/http'
import type { Benchmark } from '../benchmark.ts'
import { startPeer } from '../peer.ts'

/** So many that each turn sees the garbage collected that its own requests leave. */
const REQUESTS = 10_000
const CLIENTS = 10

interface Answer {
  readonly plans: readonly number[]
}

/** Has several clients send one request after the other, and adds up what the answers say. */
async function load(request: () => Promise<Answer>): Promise<number> {
  const client = async (): Promise<number> => {
    let total = 0
    for (let turn = 0; turn < REQUESTS / CLIENTS; turn += 1) total += (await request()).plans.length
    return total
  }
  const totals = await Promise.all(Array.from({ length: CLIENTS }, client))
  return totals.reduce((total, each) => total + each, 0)
}

/** All that can be switched on and lets a loopback address pass. */
function everythingOn(origin: string): Http {
  return createHttp({
    origin,
    connections: CLIENTS,
    acquireTimeoutMs: 10_000,
    timeouts: {
      totalMs: 20_000,
      connectMs: 5_000,
      headersMs: 5_000,
      stallMs: 5_000,
    },
    retry: { attempts: 3 },
    breaker: {},
    hedge: { delayMs: 5_000 },
    redirect: 'follow',
  })
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'what a small request costs the client',
  operation: 'request',
  warmUpMs: 3_000,
  bars: [
    { of: 'yuzuru, everything on', against: 'undici.request', atMost: 1.25 },
    { of: 'yuzuru, everything on', against: 'global fetch', atMost: 0.4 },
  ],
  async cases(resources) {
    const server = resources.use(startPeer(import.meta.resolve('./small-server.ts')))
    const origin = `http://127.0.0.1:${String(await server.next())}`
    const http = resources.use(everythingOn(origin))
    const plain = resources.use(createHttp({ origin, connections: CLIENTS }))
    const pool = resources.adopt(new Pool(origin, { connections: CLIENTS }), (it) => it.close())
    const common = { operations: REQUESTS, expected: REQUESTS * 3 }
    return [
      {
        ...common,
        name: 'yuzuru, everything on',
        run: () => load(() => withTimeout(10_000, () => http.json<Answer>('/offices/1'))),
      },
      {
        ...common,
        name: 'yuzuru, as it comes',
        run: () => load(() => plain.json<Answer>('/offices/1')),
      },
      {
        ...common,
        name: 'undici.request',
        run: () =>
          load(async () => {
            const { body } = await pool.request({ method: 'GET', path: '/offices/1' })
            return (await body.json()) as Answer
          }),
      },
      {
        ...common,
        name: 'global fetch',
        run: () =>
          load(async () => {
            const response = await fetch(`${origin}/offices/1`)
            return (await response.json()) as Answer
          }),
      },
    ]
  },
}
