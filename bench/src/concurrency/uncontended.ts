import type { Semaphore as MutexSemaphore } from 'async-mutex'
import type { Semaphore as ToolkitSemaphore } from 'es-toolkit/promise'
import type { Semaphore } from '@yuzuru/concurrency/sync'
import type { BareSemaphore } from './bare-semaphore.ts'

/** How often each function here acquires and releases. Each returns how many permits are left then. */
export const TIMES = 10_000

export async function ours(semaphore: Semaphore | BareSemaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    const permit = await semaphore.acquire()
    permit.release()
  }
  return semaphore.available
}

export async function esToolkit(semaphore: ToolkitSemaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    await semaphore.acquire()
    semaphore.release()
  }
  return semaphore.available
}

export async function asyncMutex(semaphore: MutexSemaphore): Promise<number> {
  for (let time = 0; time < TIMES; time += 1) {
    const [, release] = await semaphore.acquire()
    release()
  }
  return semaphore.getValue()
}
