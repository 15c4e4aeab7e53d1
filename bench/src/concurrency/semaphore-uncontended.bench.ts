import { Semaphore as MutexSemaphore } from 'async-mutex'
import { Semaphore as ToolkitSemaphore } from 'es-toolkit/promise'
import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Benchmark } from '../benchmark.ts'
import { asyncMutex, esToolkit, ours, TIMES } from './uncontended.ts'

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a permit that nobody else wants, outside all scopes',
  operation: 'acquire and release',
  bars: [
    { of: 'yuzuru', against: 'es-toolkit', atMost: 1.5 },
    { of: 'yuzuru', against: 'async-mutex', atMost: 0.1 },
  ],
  cases() {
    const semaphore = new Semaphore(10)
    const toolkit = new ToolkitSemaphore(10)
    const mutex = new MutexSemaphore(10)
    const common = { operations: TIMES, expected: 10 }
    return [
      { ...common, name: 'yuzuru', run: () => ours(semaphore) },
      { ...common, name: 'es-toolkit', run: () => esToolkit(toolkit) },
      { ...common, name: 'async-mutex', run: () => asyncMutex(mutex) },
    ]
  },
}
