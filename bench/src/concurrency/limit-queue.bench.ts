import { AsyncLocalStorage } from 'node:async_hooks'
import pLimit from 'p-limit'
import { gather } from '@yuzuru/concurrency'
import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Benchmark } from '../benchmark.ts'

const TASKS = 10_000
const LIMIT = 10

const storage = new AsyncLocalStorage<object>()

const numbers = Array.from({ length: TASKS }, (_, index) => index)

async function task(index: number): Promise<number> {
  await Promise.resolve()
  return index
}

function sum(results: readonly number[]): number {
  return results.reduce((total, each) => total + each, 0)
}

async function limited(semaphore: Semaphore, index: number): Promise<number> {
  const permit = await semaphore.acquire()
  try {
    return await task(index)
  } finally {
    permit.release()
  }
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: '10,000 tasks, 10 at a time',
  operation: 'task',
  bars: [
    { of: 'Semaphore', against: 'p-limit', atMost: 1 },
    { of: 'Semaphore in gather', against: 'p-limit', atMost: 1 },
    { of: 'mapConcurrent', against: 'p-limit', atMost: 1 },
  ],
  cases() {
    const common = { operations: TASKS, expected: sum(numbers) }
    return [
      {
        ...common,
        name: 'Semaphore',
        run: async () => {
          const semaphore = new Semaphore(LIMIT)
          return sum(await Promise.all(numbers.map((index) => limited(semaphore, index))))
        },
      },
      {
        ...common,
        name: 'Semaphore in gather',
        run: async () => {
          const semaphore = new Semaphore(LIMIT)
          return sum(await gather(numbers.map((index) => () => limited(semaphore, index))))
        },
      },
      {
        ...common,
        name: 'Semaphore in AsyncLocalStorage.run',
        run: async () => {
          const semaphore = new Semaphore(LIMIT)
          const inContext = (index: number): Promise<number> =>
            storage.run({}, limited, semaphore, index)
          return sum(await Promise.all(numbers.map(inContext)))
        },
      },
      {
        ...common,
        name: 'mapConcurrent',
        run: async () => {
          let total = 0
          for await (const each of mapConcurrent(numbers, task, { concurrency: LIMIT }))
            total += each
          return total
        },
      },
      {
        ...common,
        name: 'p-limit',
        run: async () => {
          const limit = pLimit(LIMIT)
          return sum(await Promise.all(numbers.map((index) => limit(task, index))))
        },
      },
    ]
  },
}
