import { Semaphore as MutexSemaphore } from 'async-mutex'
import { Semaphore as ToolkitSemaphore } from 'es-toolkit/promise'
import { cancelScope, Semaphore } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 10_000

async function ours(semaphore: Semaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    const permit = await semaphore.acquire()
    permit.release()
  }
  return semaphore.available
}

async function esToolkit(semaphore: ToolkitSemaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    await semaphore.acquire()
    semaphore.release()
  }
  return semaphore.available
}

async function asyncMutex(semaphore: MutexSemaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    const [, release] = await semaphore.acquire()
    release()
  }
  return semaphore.getValue()
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a permit that nobody else wants',
  operation: 'acquire and release',
  bars: [
    { of: 'Semaphore', against: 'es-toolkit', atMost: 1.5 },
    { of: 'Semaphore, in a scope', against: 'es-toolkit', atMost: 1.5 },
    { of: 'Semaphore', against: "async-mutex's Semaphore", atMost: 0.1 },
  ],
  cases() {
    const semaphore = new Semaphore(10)
    const toolkit = new ToolkitSemaphore(10)
    const mutex = new MutexSemaphore(10)
    const common = { operations: TIMES, expected: 10 }
    return [
      { ...common, name: 'Semaphore', run: () => ours(semaphore) },
      {
        ...common,
        name: 'Semaphore, in a scope',
        run: () => cancelScope(() => ours(semaphore)),
      },
      { ...common, name: 'es-toolkit', run: () => esToolkit(toolkit) },
      { ...common, name: "async-mutex's Semaphore", run: () => asyncMutex(mutex) },
    ]
  },
}
