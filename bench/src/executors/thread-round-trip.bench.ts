import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { threads } from '@yuzuru/concurrency/threads'
import type { Benchmark } from '../benchmark.ts'
import type * as jobs from './jobs.ts'
import { repeat, TIMES } from './round-trips.ts'

const module = new URL('jobs.ts', import.meta.url)

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a thread that adds two numbers, called one after the other',
  operation: 'round trip',
  bars: [{ of: 'yuzuru', against: 'piscina', atMost: 1.1 }],
  cases(resources) {
    const ours = resources.use(threads<typeof jobs>({ module, workers: 1 }))
    const pool = new Piscina({
      filename: fileURLToPath(module),
      name: 'addPair',
      minThreads: 1,
      maxThreads: 1,
    })
    resources.defer(() => pool.destroy())
    const common = { operations: TIMES, expected: TIMES * 3 }
    return [
      { ...common, name: 'yuzuru', run: () => repeat(() => ours.call('add', 1, 2)) },
      { ...common, name: 'piscina', run: () => repeat(() => pool.run([1, 2])) },
    ]
  },
}
