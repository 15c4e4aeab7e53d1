import { Semaphore as ToolkitSemaphore } from 'es-toolkit/promise'
import { cancelScope } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Benchmark } from '../benchmark.ts'
import { BareSemaphore } from './bare-semaphore.ts'
import { esToolkit, ours, TIMES } from './uncontended.ts'

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a permit that nobody else wants, in a scope',
  operation: 'acquire and release',
  bars: [{ of: 'yuzuru', against: 'es-toolkit', atMost: 1.3 }],
  cases() {
    const semaphore = new Semaphore(10)
    const bare = new BareSemaphore(10)
    const toolkit = new ToolkitSemaphore(10)
    const common = { operations: TIMES, expected: 10 }
    return [
      { ...common, name: 'yuzuru', run: () => cancelScope(() => ours(semaphore)) },
      { ...common, name: 'a permit and a count, nothing else', run: () => ours(bare) },
      { ...common, name: 'es-toolkit', run: () => esToolkit(toolkit) },
    ]
  },
}
