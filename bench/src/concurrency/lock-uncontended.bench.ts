import { Mutex } from 'async-mutex'
import { Lock } from '@yuzuru/concurrency/sync'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 10_000

async function ours(lock: Lock): Promise<boolean> {
  for (let time = 0; time < TIMES; time += 1) {
    const permit = await lock.acquire()
    permit.release()
  }
  return lock.locked
}

async function asyncMutex(mutex: Mutex): Promise<boolean> {
  for (let time = 0; time < TIMES; time += 1) {
    const release = await mutex.acquire()
    release()
  }
  return mutex.isLocked()
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a lock that nobody else wants',
  operation: 'acquire and release',
  bars: [{ of: 'Lock', against: "async-mutex's Mutex", atMost: 0.1 }],
  cases() {
    const lock = new Lock()
    const mutex = new Mutex()
    const common = { operations: TIMES, expected: false }
    return [
      { ...common, name: 'Lock', run: () => ours(lock) },
      { ...common, name: "async-mutex's Mutex", run: () => asyncMutex(mutex) },
    ]
  },
}
