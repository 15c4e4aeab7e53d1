import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, test } from 'vitest'
import { assertNoLeaks } from './assert-no-leaks.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { detached } from '../scopes/detached.ts'
import { Event } from '../sync/event.ts'
import { mapConcurrent } from '../tasks/map-concurrent.ts'
import { Queue } from '../sync/queue.ts'
import type { CancelScope } from '../scopes/scope.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from './test-clock.ts'
import { checkpoint } from '../scopes/checkpoint.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { wait } from '../tasks/wait-for-tasks.ts'

beforeAll(() => {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc') as NonNullable<typeof gc>
})

describe('leaks', () => {
  const { signal } = new AbortController()
  const semaphore = new Semaphore(1)
  const queue = new Queue<never>()

  const millions: Record<string, () => Promise<unknown>> = {
    'scopes that follow a long-lived foreign signal': () => cancelScope(() => 1, { signal }),
    'timeouts, each around an acquire,': () =>
      withTimeout(60_000, async () => {
        using _permit = await semaphore.acquire()
      }),
  }

  test.each(Object.entries(millions))('a million %s leave nothing behind', async (_, round) => {
    // In one long-lived scope, as in a server: what is left would be kept by it.
    await cancelScope(() => assertNoLeaks(round, { rounds: 1e6, maxBytesPerRound: 1 }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('a million cancelled waiters leave nothing behind', async () => {
    const waitAndCancel = (scope: CancelScope): Promise<unknown> => {
      const waits = Array.from({ length: 25 }, () => [
        semaphore.acquire(),
        queue.get(),
        sleep(60_000),
        sleep(Infinity),
      ])
      scope.cancel()
      return Promise.allSettled(waits.flat())
    }
    using _permit = await semaphore.acquire()
    await cancelScope(() =>
      assertNoLeaks(() => cancelScope(waitAndCancel), { rounds: 1e4, maxBytesPerRound: 100 }),
    )
    expect([semaphore.waiting, queue.size]).toEqual([0, 0])
  })

  const rounds: Record<string, () => Promise<unknown>> = {
    'timeouts with a grace': () => withTimeout(60_000, async () => 1, { graceMs: 1 }),
    'cancelled tasks': () =>
      taskGroup(async (group) => {
        using _permit = await semaphore.acquire()
        group.spawn(() => semaphore.acquire()).cancel()
      }),
    maps: async () => {
      for await (const _ of mapConcurrent([1], () => 1, { concurrency: 1 }));
    },
    'cancelled scopes': () =>
      cancelScope(async (scope) => {
        scope.cancel()
        await sleep(1)
      }).catch((error: unknown) => expect(error).toBeInstanceOf(Cancelled)),
  }

  test('waits for a task that lives on leave nothing with it', async () => {
    await taskGroup(async (group) => {
      const long = group.spawn(() => sleep(Infinity))
      const round = async (): Promise<void> => {
        const quick = group.spawn(() => Promise.resolve())
        await wait([long, quick], { until: 'first-completed' })
        await cancelScope((scope) => {
          const waiting = wait([long])
          scope.cancel()
          return waiting
        }).catch(() => undefined)
      }
      await assertNoLeaks(round, { rounds: 20_000 })
      group.cancel()
    })
  })

  test.each(Object.entries(rounds))('%s leave nothing behind', async (_, round) => {
    await cancelScope(() => assertNoLeaks(round, { rounds: 20_000 }))
  })
})

describe('assertNoLeaks', () => {
  test('finds heap that grows', async () => {
    const kept: unknown[] = []
    const leaking = assertNoLeaks(() => kept.push(Array.from({ length: 50 }, () => ({}))))
    await expect(leaking).rejects.toThrow('Expected the heap to stay as it is')
  })

  test('tasks that settle leave nothing behind in a group that lives on, once they are asked for', async () => {
    using _clock = TestClock.install()
    await taskGroup(async (group) => {
      const round = async (): Promise<void> => {
        const task = group.spawn(() => Promise.reject(new Error('no')), { settle: true })
        await checkpoint()
        await Promise.allSettled([task])
      }
      await round()
      await assertNoLeaks(round, { rounds: 20_000 })
    })
  })

  test('without --expose-gc the heap is not looked at', async () => {
    const { gc } = globalThis
    Reflect.deleteProperty(globalThis, 'gc')
    const kept: unknown[] = []
    await assertNoLeaks(() => kept.push(Array.from({ length: 50 }, () => ({}))))
    globalThis.gc = gc
  })

  test('finds waits that are left, also deep within', async () => {
    const event = new Event()
    const wait = (): void => void event.wait().catch(() => undefined)
    const waiting = cancelScope((outer) =>
      cancelScope(() => assertNoLeaks(wait, { rounds: 10 })).finally(() => outer.cancel()),
    )
    await expect(waiting).rejects.toThrow('Expected no more waits than')
    expect(event.waiting).toBe(0)
  })

  test('finds scopes and timers that are left', async () => {
    const left: AbortController[] = []
    const scopes = assertNoLeaks(
      () => {
        const controller = new AbortController()
        left.push(controller)
        void detached(() =>
          cancelScope(() => sleep(Infinity), { signal: controller.signal }).catch(() => undefined),
        )
      },
      { rounds: 10 },
    )
    await expect(scopes).rejects.toThrow('Expected no more scopes than')
    for (const controller of left) controller.abort()
    const timers: NodeJS.Timeout[] = []
    const armed = assertNoLeaks(() => timers.push(setTimeout(() => undefined, 60_000)), {
      rounds: 10,
    })
    await expect(armed).rejects.toThrow('Expected no more timers than')
    for (const timer of timers) clearTimeout(timer)
  })
})
