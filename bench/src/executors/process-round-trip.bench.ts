import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import { processes } from '@yuzuru/concurrency/processes'
import type { Benchmark } from '../benchmark.ts'
import type * as jobs from './jobs.ts'
import { repeat, TIMES } from './round-trips.ts'

const module = new URL('jobs.ts', import.meta.url)

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a process that adds two numbers, called one after the other',
  operation: 'round trip',
  clock: 'wall',
  bars: [],
  cases(resources) {
    const ours = resources.use(processes<typeof jobs>({ module, workers: 1 }))
    const pool = new Tinypool({
      runtime: 'child_process',
      serialization: 'advanced',
      filename: fileURLToPath(module),
      name: 'addPair',
      minThreads: 1,
      maxThreads: 1,
    })
    resources.defer(() => pool.destroy())
    const common = { operations: TIMES, expected: TIMES * 3 }
    return [
      { ...common, name: 'yuzuru', run: () => repeat(() => ours.call('add', 1, 2)) },
      { ...common, name: 'tinypool', run: () => repeat(() => pool.run([1, 2])) },
    ]
  },
}
