import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { asCompleted } from '../tasks/as-completed.ts'
import { Barrier } from '../sync/barrier.ts'
import { BoundedSemaphore } from '../sync/bounded-semaphore.ts'
import { cancelEverywhere, type CancelledRun } from './cancel-everywhere.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { checkpoint, currentSignal } from '../scopes/checkpoint.ts'
import { circuitBreaker } from '../resilience/circuit-breaker.ts'
import { Condition } from '../sync/condition.ts'
import { currentClock } from '../scopes/clock.ts'
import { detached } from '../scopes/detached.ts'
import { Event } from '../sync/event.ts'
import { gather } from '../tasks/gather.ts'
import * as core from '../index.ts'
import * as resilience from '../resilience.ts'
import * as sync from '../sync.ts'
import * as tasks from '../tasks.ts'
import { io } from '../boundary/io.ts'
import { LifoQueue } from '../sync/lifo-queue.ts'
import { Lock } from '../sync/lock.ts'
import { mapConcurrent } from '../tasks/map-concurrent.ts'
import { moveOnAfter } from '../scopes/move-on-after.ts'
import { PriorityQueue } from '../sync/priority-queue.ts'
import { Queue } from '../sync/queue.ts'
import { rateLimiter } from '../resilience/rate-limiter.ts'
import { retry } from '../resilience/retry.ts'
import { run } from '../scopes/run.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { shield } from '../scopes/shield.ts'
import { singleFlight } from '../resilience/single-flight.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TimeoutError } from '../scopes/timeout-error.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { wait } from '../tasks/wait-for-tasks.ts'
import { withDeadline } from '../scopes/with-deadline.ts'
import { workers } from '../tasks/workers.ts'

/** Each primitive, used as it is meant to be used, with what must hold however it ends. */
const uses: Record<string, (run: CancelledRun) => Promise<void>> = {
  async Semaphore({ after }) {
    const semaphore = new Semaphore(2)
    after(() => expect([semaphore.available, semaphore.waiting]).toEqual([2, 0]))
    await taskGroup((group) => {
      for (let i = 0; i < 4; i += 1) {
        group.spawn(async () => {
          using _permit = await semaphore.acquire()
          await sleep(1)
        })
      }
    })
  },
  async BoundedSemaphore({ after }) {
    const semaphore = new BoundedSemaphore(1)
    after(() => expect(semaphore.available).toBe(1))
    using _permit = await semaphore.acquire()
    await sleep(1)
  },
  async Lock({ after }) {
    const lock = new Lock()
    after(() => expect(lock.locked).toBe(false))
    await taskGroup((group) => {
      for (let i = 0; i < 3; i += 1) {
        group.spawn(async () => {
          using _held = await lock.acquire()
          await setImmediate()
        })
      }
    })
  },
  async Event({ after }) {
    const event = new Event()
    after(() => expect(event.waiting).toBe(0))
    await taskGroup(async (group) => {
      group.spawn(() => event.wait())
      await sleep(1)
      event.set()
    })
  },
  async Condition({ after }) {
    const condition = new Condition()
    let stock = 0
    after(() => expect([condition.lock.locked, condition.waiting]).toEqual([false, 0]))
    await taskGroup((group) => {
      for (let i = 0; i < 2; i += 1) {
        group.spawn(async () => {
          using _held = await condition.acquire()
          await condition.waitFor(() => stock > 0)
          expect(condition.lock.locked).toBe(true)
          stock -= 1
        })
      }
      group.spawn(async () => {
        for (let i = 0; i < 2; i += 1) {
          using _held = await condition.acquire()
          await sleep(1)
          stock += 1
          condition.notify()
        }
      })
    })
  },
  async Barrier({ after }) {
    const barrier = new Barrier(2)
    after(() => expect(barrier.waiting).toBe(0))
    await taskGroup(async (group) => {
      group.spawn(() => barrier.wait())
      await sleep(1)
      await barrier.wait()
    })
  },
  async Queue({ after }) {
    const queue = new Queue<number>({ maxSize: 1 })
    let put = 0
    let got = 0
    after(() => {
      // An item that was put is either in the queue or was given to somebody.
      expect(got + queue.size).toBe(put)
    })
    await taskGroup((group) => {
      group.spawn(async () => {
        for (let item = 0; item < 3; item += 1) {
          await queue.put(item)
          put += 1
        }
        queue.shutdown()
      })
      group.spawn(async () => {
        for await (const _ of queue) {
          got += 1
          await sleep(1)
        }
      })
    })
  },
  async LifoQueue({ after }) {
    const queue = new LifoQueue<number>({ maxSize: 2 })
    const got: number[] = []
    after(() => expect(queue.unfinished).toBe(queue.size + got.length))
    await taskGroup((group) => {
      for (const item of [1, 2, 3]) group.spawn(() => queue.put(item))
      group.spawn(async () => {
        for (let i = 0; i < 3; i += 1) {
          got.push(await queue.get())
          await sleep(1)
        }
      })
    })
  },
  async PriorityQueue({ after }) {
    const queue = new PriorityQueue<number>({ priority: (item) => item })
    after(() => expect(queue.size).toBe(queue.unfinished))
    const handle = await queue.put(1)
    await queue.put(2)
    await sleep(1)
    handle.remove()
    await queue.get()
    queue.taskDone()
    await queue.join()
  },
  async workers({ after }) {
    const queue = new Queue<number>()
    let begun = 0
    let ended = 0
    for (const item of [1, 2, 3]) queue.tryPut(item)
    queue.shutdown()
    after(() => {
      expect(ended).toBe(begun)
      expect(begun + queue.size).toBe(3)
      expect(queue.unfinished).toBe(queue.size)
    })
    await workers(queue, 2, async () => {
      begun += 1
      try {
        await sleep(1)
      } finally {
        ended += 1
      }
    })
  },
  async mapConcurrent({ after }) {
    let running = 0
    let open = 0
    after(() => expect([running, open]).toEqual([0, 0]))
    const source = async function* pages(): AsyncGenerator<number> {
      open += 1
      try {
        for (const page of [1, 2, 3, 4]) {
          await sleep(1)
          yield page
        }
      } finally {
        open -= 1
      }
    }
    const work = async (page: number): Promise<number> => {
      running += 1
      try {
        await sleep(page)
      } finally {
        running -= 1
      }
      return page
    }
    for await (const page of mapConcurrent(source(), work, { concurrency: 2 })) {
      if (page === 3) break
    }
  },
  async asCompleted({ after }) {
    let running = 0
    after(() => expect(running).toBe(0))
    const thunks = [3, 1, 2].map((ms) => async () => {
      running += 1
      try {
        await sleep(ms)
      } finally {
        running -= 1
      }
      return ms
    })
    for await (const ms of asCompleted(thunks)) if (ms === 2) break
  },
  async 'gather and wait'() {
    await gather({ a: () => sleep(1), b: () => gather([() => sleep(2)], { settle: true }) })
    await taskGroup(async (group) => {
      const tasks = [1, 2].map((ms) => group.spawn(() => sleep(ms)))
      await wait(tasks, { until: 'first-completed' })
    })
  },
  async 'taskGroup and Task'({ after }) {
    const states: string[] = []
    after(() => expect(states).not.toContain('running'))
    await taskGroup(async (outer) => {
      const task = outer.spawn(() => sleep(2))
      after(() => void states.push(task.state))
      await taskGroup(async (inner) => {
        const other = inner.spawn(() => task)
        after(() => void states.push(other.state))
        await other
      })
    })
  },
  async 'cancelScope and run'({ after }) {
    const order: string[] = []
    // All of it, or nothing where it was cancelled before.
    after(() => expect([[], ['open', 'close']]).toContainEqual(order))
    await run(
      (program) => {
        order.push('open')
        program.defer(async () => {
          await sleep(1)
          order.push('close')
        })
        return cancelScope(() => sleep(2))
      },
      { signal: currentSignal() as AbortSignal },
    )
  },
  async 'sleep, checkpoint and detached'({ after }) {
    let shared: Promise<void> | undefined
    after(() => shared)
    await sleep(1)
    await checkpoint()
    shared ??= detached(() => checkpoint())
    await shared
  },
  async rateLimiter({ after }) {
    const limiter = rateLimiter({ limit: 2, windowMs: 10 })
    const starts: number[] = []
    after(() => {
      expect(limiter.waiting).toBe(0)
      for (const at of starts) {
        expect(starts.filter((start) => start >= at && start < at + 10).length).toBeLessThan(3)
      }
    })
    await taskGroup((group) => {
      for (let i = 0; i < 5; i += 1) {
        group.spawn(async () => {
          await limiter.acquire()
          starts.push(currentClock().now())
        })
      }
    })
  },
  async singleFlight({ after }) {
    let flying = 0
    after(() => expect(flying).toBe(0))
    const load = singleFlight(async () => {
      flying += 1
      try {
        await sleep(2)
      } finally {
        flying -= 1
      }
    })
    await Promise.all([load(), load()])
  },
  async 'retry and circuitBreaker'() {
    const breaker = circuitBreaker({ failures: 1, coolDownMs: 1 })
    let calls = 0
    await retry(
      () =>
        breaker.call(async () => {
          calls += 1
          await sleep(1)
          if (calls === 1)
            throw Object.assign(new Error('busy'), { retryable: true, outcome: 'none' })
        }),
      { random: () => 0.99 },
    )
  },
  async 'io, shield, withTimeout, withDeadline and moveOnAfter'({ after }) {
    let sent = 0
    let ended = 0
    after(() => expect(ended).toBe(sent))
    const call = { boundary: 'test', operation: 'write', effect: 'write' } as const
    const attempt = io(call, { timeoutMs: 5 }, async () => {
      sent += 1
      try {
        await sleep(10)
      } finally {
        await shield(() => sleep(1))
        ended += 1
      }
    })
    await attempt.catch((error: unknown) => {
      if (!TimeoutError.isInstance(error)) throw error
    })
    await moveOnAfter(1, () => sleep(2))
    await withTimeout(5, () => withDeadline(new Date(8e15), () => sleep(1)), { graceMs: 5 })
  },
}

/** What waits for nothing, or for its parts only. */
const exempt = new Set(
  [
    'BrokenBarrierError Cancelled CircuitOpenError IoError LeftoverError QueueShutDown TimeoutError',
    'currentClock currentSignal describeValue hasMark mark isCausedBy isOutage isRetryable outcomeOf',
    'remaining retryBudget throwIfCancelled QueueCore',
  ].flatMap((names) => names.split(' ')),
)

describe('cancelEverywhere', () => {
  test('every primitive of the public face is put through it', () => {
    const used = Object.keys(uses).flatMap((name) => name.split(/, | and /))
    const primitives = Object.keys({ ...core, ...resilience, ...sync, ...tasks }).filter(
      (name) => !exempt.has(name),
    )
    expect(used.toSorted()).toEqual(primitives.toSorted())
  })

  test.each(Object.entries(uses))('%s holds wherever it is cancelled', async (_, use) => {
    const points = await cancelEverywhere(use)
    expect(points).toBeGreaterThan(1)
  })

  test('cancels at each await in turn, then lets it complete', async () => {
    const reached = new Map<number, number>()
    await cancelEverywhere(async () => {
      for (let step = 0; step < 3; step += 1) {
        reached.set(step, (reached.get(step) ?? 0) + 1)
        await sleep(1)
      }
    })
    const counts = [...reached.values()]
    expect(counts).toHaveLength(3)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
    expect(counts.at(-1)).toBeGreaterThan(0)
  })

  test('finds a permit that is lost when the cancel comes between', async () => {
    const found = cancelEverywhere(async ({ after }) => {
      const semaphore = new Semaphore(1)
      after(() => expect(semaphore.available).toBe(1))
      const permit = await semaphore.acquire()
      await sleep(1)
      permit.release()
    })
    await expect(found).rejects.toThrow(/^cancelled at point \d+: expected \+?0 to be 1/)
  })

  test('finds a timer that is left armed, and work or a scope that is left', async () => {
    const timer = cancelEverywhere(({ clock }) => {
      clock.schedule(1_000, () => undefined)
    })
    await expect(timer).rejects.toThrow('1 timers were left armed')
    const running = cancelEverywhere(() => {
      io({ boundary: 'test', operation: 'read', effect: 'read' }, {}, () => sleep(1)).catch(
        () => undefined,
      )
    })
    await expect(running).rejects.toThrow('io "test.read" was left running')
    const stop = new AbortController()
    const scope = cancelEverywhere(() => {
      detached(() => cancelScope(() => sleep(Infinity), { signal: stop.signal })).catch(
        () => undefined,
      )
    })
    await expect(scope).rejects.toThrow('a scope was left open')
    stop.abort()
  })

  test('passes on what a run throws of its own', async () => {
    const result = cancelEverywhere(() => Promise.reject(new Error('mine')))
    await expect(result).rejects.toThrow('cancelled at point 0: mine')
    await expect(cancelEverywhere(() => Promise.reject('text'))).rejects.toThrow('point 0: text')
  })

  test('gives up on a run that never completes', async () => {
    const result = cancelEverywhere(() => sleep(Infinity), { maxPoints: 5 })
    await expect(result).rejects.toThrow('Expected the run to complete within 5 points')
  })
})
