import { processes, type Executor } from '@yuzuru/concurrency/processes'
import { threads } from '@yuzuru/concurrency/threads'
import type { Benchmark, Figure } from '../benchmark.ts'
import type * as jobs from './jobs.ts'
import { repeat, TIMES } from './round-trips.ts'

type Jobs = typeof jobs

const module = new URL('jobs.ts', import.meta.url)
const MEBIBYTE = 2 ** 20
const COPIES = 50

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** The best of several goes: what it costs when nobody else wants the machine. */
async function best(goes: number, work: () => Promise<unknown>): Promise<number> {
  let least = Infinity
  for (let go = 0; go < goes; go += 1) least = Math.min(least, await milliseconds(work))
  return least
}

async function costs(name: string, executor: Executor<Jobs>): Promise<Figure[]> {
  const first = await milliseconds(() => executor.call('add', 1, 2))
  const calls = await best(5, () => repeat(() => executor.call('add', 1, 2)))
  const bytes = new Uint8Array(MEBIBYTE)
  const copies = await best(5, async () => {
    for (let copy = 0; copy < COPIES; copy += 1) await executor.call('size', bytes)
  })
  return [
    { name: `${name}: the first call, with the start of a worker`, value: first, unit: 'ms' },
    { name: `${name}: a call`, value: (calls * 1_000) / TIMES, unit: 'µs' },
    { name: `${name}: a call with 1 MiB, copied`, value: (copies * 1_000) / COPIES, unit: 'µs' },
  ]
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'what a job costs elsewhere',
  bars: {},
  async measure(resources) {
    const inThreads = resources.use(threads<Jobs>({ module, workers: 1 }))
    const inProcesses = resources.use(processes<Jobs>({ module, workers: 1 }))
    const figures = await costs('threads', inThreads)
    const moves = await best(5, async () => {
      for (let move = 0; move < COPIES; move += 1) {
        const bytes = new Uint8Array(MEBIBYTE)
        await inThreads.run({ name: 'size', args: [bytes] }, { transfer: [bytes.buffer] })
      }
    })
    figures.push({
      name: 'threads: a call with 1 MiB, made and handed over',
      value: (moves * 1_000) / COPIES,
      unit: 'µs',
    })
    return [...figures, ...(await costs('processes', inProcesses))]
  },
}
