import { sleep } from '@yuzuru/concurrency'
import { type LimitOption, serve } from '@yuzuru/server'
import type { Figure, FigureBar, Measurement } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import type { Order, Report } from './open-loop.ts'

/** What a request takes of what is behind the server, in milliseconds: alone, and for each that is there. */
const ALONE_MS = 250
const SHARE_MS = 25

/** What that can carry, a second. */
const CAPACITY = 1_000 / SHARE_MS

const PATIENCE_MS = 2_500

/** Something behind it that serves all at once, each the slower the more there are: a database, say. */
function behind(): () => Promise<Response> {
  let busy = 0
  return async () => {
    busy += 1
    try {
      await sleep(Math.max(ALONE_MS, busy * SHARE_MS))
      return new Response('done')
    } finally {
      busy -= 1
    }
  }
}

/** What is promised under each load, with the adaptive limit. */
const PROMISES: Readonly<Record<string, FigureBar>> = {
  'goodput / peak': { atLeast: 0.9 },
  '99th percentile / unloaded': { atMost: 3 },
  'probes answered': { atLeast: 100 },
}

export const benchmark: Measurement = {
  kind: 'measurement',
  title: 'twice and ten times the load it can carry: constant arrival, clients that wait for 2.5 s',
  bars: Object.fromEntries(
    ['twice the load', 'ten times the load'].flatMap((load) =>
      Object.entries(PROMISES).map(([what, bar]) => [`adaptive, ${load}: ${what}`, bar] as const),
    ),
  ),
  async measure(resources) {
    const generator = resources.use(startPeer(import.meta.resolve('./open-loop.ts')))
    const under = async (limit: LimitOption, queue: number | undefined): Promise<Runs> => {
      await using server = await serve(behind(), {
        limit,
        queue,
        lingerMs: 0,
        drainMs: 0,
        graceMs: 0,
      })
      const run = async (times: number, warmUp: number, seconds: number): Promise<Report> => {
        const order: Order = {
          origin: server.url,
          rate: CAPACITY * times,
          warmUp,
          seconds,
          patienceMs: PATIENCE_MS,
        }
        return (await generator.ask(order)) as Report
      }
      return await runs(run)
    }
    const adaptive = await under('adaptive', undefined)
    const without = await under(1_000_000, 0)
    return [...figures('adaptive', adaptive), ...figures('no limit', without)]
  },
}

interface Runs {
  readonly unloaded: Report
  readonly peak: number
  readonly twice: Report
  readonly tenfold: Report
}

async function runs(
  run: (times: number, warmUp: number, seconds: number) => Promise<Report>,
): Promise<Runs> {
  const unloaded = await run(0.2, 1, 12)
  let peak = 0
  for (const times of [0.8, 0.9, 1]) peak = Math.max(peak, (await run(times, 2, 5)).goodput)
  return { unloaded, peak, twice: await run(2, 10, 12), tenfold: await run(10, 10, 12) }
}

function figures(name: string, { unloaded, peak, twice, tenfold }: Runs): Figure[] {
  const loads = { 'twice the load': twice, 'ten times the load': tenfold }
  return [
    { name: `${name}: peak`, value: peak, unit: 'requests/s' },
    { name: `${name}: unloaded, 99th percentile`, value: unloaded.p99, unit: 'ms' },
    ...Object.entries(loads).flatMap(([load, report]): Figure[] => {
      const { goodput, p99, probes, probesAnswered } = report
      const figure = (what: string, value: number, unit: string): Figure => ({
        name: `${name}, ${load}: ${what}`,
        value,
        unit,
      })
      return [
        figure('goodput / peak', goodput / peak, '×'),
        figure('99th percentile / unloaded', p99 / unloaded.p99, '×'),
        figure('probes answered', (100 * probesAnswered) / probes, '%'),
      ]
    }),
  ]
}
