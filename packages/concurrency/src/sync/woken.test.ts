import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { cancelScope, sleep } from '../index.ts'
import { mapConcurrent } from '../tasks.ts'
import { rateLimiter, singleFlight } from '../resilience.ts'
import { Barrier, Condition, Event, Lock, Queue, Semaphore } from '../sync.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { TestClock } from '../testing/test-clock.ts'

interface Waiting {
  readonly wait: () => unknown
  readonly wake: () => unknown
}

const gate = (): Waiting & { readonly gate: Event } => {
  const event = new Event()
  return { gate: event, wait: () => event.wait(), wake: () => event.set() }
}

/** What somebody waits for, and what somebody else does to wake them. */
const cases: Record<string, (clock: TestClock) => Waiting | Promise<Waiting>> = {
  Event: gate,
  sleep: (clock) => ({ wait: () => sleep(10), wake: () => clock.advance(10) }),
  async Semaphore() {
    const semaphore = new Semaphore(1)
    const permit = await semaphore.acquire()
    return { wait: () => semaphore.acquire(), wake: () => permit.release() }
  },
  async Lock() {
    const lock = new Lock()
    const held = await lock.acquire()
    return { wait: () => lock.acquire(), wake: () => held.release() }
  },
  Condition() {
    const condition = new Condition()
    const wait = async (): Promise<void> => {
      using _held = await condition.acquire()
      await condition.wait()
    }
    const wake = async (): Promise<void> => {
      using _held = await condition.acquire()
      condition.notify()
    }
    return { wait, wake }
  },
  Barrier() {
    const barrier = new Barrier(2)
    return { wait: () => barrier.wait(), wake: () => barrier.wait() }
  },
  'Queue, who gets': () => {
    const queue = new Queue<number>()
    return { wait: () => queue.get(), wake: () => queue.put(1) }
  },
  'Queue, who puts': () => {
    const queue = new Queue<number>({ maxSize: 1 })
    queue.tryPut(1)
    return { wait: () => queue.put(2), wake: () => queue.get() }
  },
  'Queue, who joins': () => {
    const queue = new Queue<number>()
    queue.tryPut(1)
    return { wait: () => queue.join(), wake: () => queue.taskDone() }
  },
  rateLimiter(clock) {
    const limiter = rateLimiter({ limit: 1, windowMs: 10 })
    limiter.tryAcquire()
    return { wait: () => limiter.acquire(), wake: () => clock.advance(10) }
  },
  'singleFlight, who joins it': () => {
    const { gate: event, wake } = gate()
    const fly = singleFlight(() => event.wait())
    void cancelScope(() => fly(), { name: 'first' })
    return { wait: () => fly(), wake }
  },
  mapConcurrent() {
    const { gate: event, wake } = gate()
    const results = mapConcurrent([1], () => event.wait(), { concurrency: 1 })
    return { wait: () => results.next(), wake }
  },
}

describe('who is woken goes on in its own scope and store', () => {
  test.each(Object.entries(cases))('%s', async (_, make) => {
    using clock = TestClock.install()
    const request = new AsyncLocalStorage<string>()
    const as = <T>(name: string, fn: () => T): Promise<Awaited<T>> =>
      request.run(name, () => cancelScope(fn as () => Awaited<T>, { name }))
    const { wait, wake } = await request.run('maker', () => make(clock))
    const woken = as('sleeper', async () => {
      await wait()
      return [request.getStore(), currentScope()?.name]
    })
    await setImmediate()
    await as('waker', async () => void (await wake()))
    expect(await woken).toEqual(['sleeper', 'sleeper'])
  })
})
