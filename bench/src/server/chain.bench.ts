import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { startFaultProxy } from '@yuzuru/sandbox'
import type { Benchmark, Figure, FigureBar } from '../benchmark.ts'
import { startWithOffices } from '../db/schema.ts'
import { type Peer, startPeer } from '../peer.ts'
import { quantileOf } from '../statistics.ts'
import type { ChainOptions, Stopped } from './chain-service.ts'

/** How long the first of the three gives a request. */
const BUDGET_MS = 300

const TIMES = 40

const CASES = ['a deadline', 'a deadline, half-open'] as const
const NAMES = ['A', 'B', 'C'] as const

const ATMOST: FigureBar = { atMost: 20 }

/** How long after its deadline a service has stopped; A is only shown, as its own caller waits for it. */
const PARTS = { median: 0.5, '19 of 20': 0.95, 'the slowest': 1 } as const

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: `three services with ${BUDGET_MS} ms at the first: how long after that each has stopped`,
  bars: Object.fromEntries(
    CASES.flatMap((what) =>
      ['B', 'C'].flatMap((name) =>
        Object.keys(PARTS).map((part) => [`${what}: ${name}, ${part}`, ATMOST] as const),
      ),
    ),
  ),
  async measure(resources) {
    const database = await startWithOffices(resources)
    const start = async (options: ChainOptions): Promise<readonly [Peer, string]> => {
      const file = import.meta.resolve('./chain-service.ts')
      const peer = resources.use(startPeer(file, [JSON.stringify(options)]))
      return [peer, (await peer.next()) as string]
    }
    const [c, cUrl] = await start({ maxRequestMs: 60_000, database })
    const { hostname: host, port } = new URL(cUrl)
    const line = resources.use(await startFaultProxy({ target: { host, port: Number(port) } }))
    const [b, bUrl] = await start({
      maxRequestMs: 60_000,
      next: `http://127.0.0.1:${line.port}`,
    })
    const [a, aUrl] = await start({ maxRequestMs: BUDGET_MS, next: bUrl })
    const services = [a, b, c]
    let nth = 0
    const run = async (isHalfOpen: boolean): Promise<number[]> => {
      const asked = request(aUrl, { agent: false })
      asked.end()
      if (isHalfOpen) {
        // By then the third has it.
        await new Promise((resolve) => setTimeout(resolve, BUDGET_MS / 2))
        line.set({ halfOpen: true })
      }
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      answer.resume()
      if (answer.statusCode !== 504) throw new Error(`Expected 504, got ${answer.statusCode}`)
      const stops = (await Promise.all(services.map((each) => each.ask(nth)))) as Stopped[]
      nth += 1
      if (isHalfOpen) {
        line.clear()
        line.reset()
      }
      const deadlineAt = stops[0]?.deadlineAt ?? Number.NaN
      return stops.map(({ at }) => at - deadlineAt)
    }
    const first = await run(false)
    const figures: Figure[] = NAMES.map((name, at) => ({
      name: `the first request of all: ${name}`,
      value: first[at] ?? Number.NaN,
      unit: 'ms',
    }))
    for (const what of CASES) {
      const late: number[][] = []
      for (let time = 0; time < TIMES; time += 1) late.push(await run(what !== 'a deadline'))
      for (const [at, name] of NAMES.entries()) {
        const each = late.map((of) => of[at] ?? Number.NaN)
        for (const [part, share] of Object.entries(PARTS)) {
          const value = quantileOf(each, share)
          figures.push({ name: `${what}: ${name}, ${part}`, value, unit: 'ms' })
        }
      }
    }
    return figures
  },
}
