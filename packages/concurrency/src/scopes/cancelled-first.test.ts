import { describe, expect, test } from 'vitest'
import { Barrier } from '../sync/barrier.ts'
import { cancelScope } from './cancel-scope.ts'
import { checkpoint } from './checkpoint.ts'
import { circuitBreaker } from '../resilience/circuit-breaker.ts'
import { Condition } from '../sync/condition.ts'
import { Event } from '../sync/event.ts'
import { Lock } from '../sync/lock.ts'
import { Queue } from '../sync/queue.ts'
import { rateLimiter } from '../resilience/rate-limiter.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { sleep } from './sleep.ts'

const shutDown = new Queue<number>()
shutDown.shutdown()
const full = new Queue<number>({ maxSize: 1 })
full.tryPut(1)
const broken = new Barrier(2)
broken.abort()
const open = circuitBreaker({ failures: 1 })
await open.call(() => Promise.reject(new Error('down'))).catch(() => undefined)
const condition = new Condition()
const held = condition.lock.tryAcquire()
const used = rateLimiter({ limit: 1, windowMs: 1_000 })
used.tryAcquire()

/** Waits that are over at once, that would fail at once, and that would last. */
const waits: Readonly<Record<string, () => unknown>> = {
  'a sleep': () => sleep(1),
  'a checkpoint': () => checkpoint(),
  'get of a queue that is shut down': () => shutDown.get(),
  'put to a queue that is shut down': () => shutDown.put(1),
  'get of a queue with an item': () => full.get(),
  'put to a full queue': () => full.put(1),
  'put to an empty queue': () => new Queue<number>().put(1),
  'join of a queue': () => new Queue().join(),
  'join of a busy queue': () => full.join(),
  'an iteration': () => full[Symbol.asyncIterator]().next(),
  'an iteration of a queue that is shut down': () => shutDown[Symbol.asyncIterator]().next(),
  'a barrier': () => new Barrier(2).wait(),
  'a barrier for one': () => new Barrier(1).wait(),
  'a broken barrier': () => broken.wait(),
  'an open circuit': () => open.call(() => 1),
  'a condition': () => condition.wait(),
  'an event': () => new Event().wait(),
  'a free lock': () => new Lock().acquire(),
  'a lock that is held': () => condition.lock.acquire(),
  'a free semaphore': () => new Semaphore(1).acquire(),
  'a used semaphore': () => new Semaphore(0).acquire(),
  'a free limit': () => rateLimiter({ limit: 1, windowMs: 1 }).acquire(),
  'a used limit': () => used.acquire(),
}

describe('in a cancelled scope, whatever else it would come to, the cancel is thrown by', () => {
  test.each(Object.entries(waits))('%s', async (_, wait) => {
    const result = cancelScope(async (scope) => {
      scope.cancel('enough')
      for (let i = 0; i < 2; i += 1) {
        await expect(async () => await wait()).rejects.toMatchObject({ message: 'enough' })
      }
    })
    await result
  })

  test('and nothing was changed by it', () => {
    expect([full.size, condition.lock.locked, condition.waiting, used.waiting]).toEqual([
      1,
      true,
      0,
      0,
    ])
    held?.release()
  })
})
