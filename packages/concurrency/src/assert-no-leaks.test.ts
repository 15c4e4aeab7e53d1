import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, test } from 'vitest'
import { assertNoLeaks } from './assert-no-leaks.ts'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { detached } from './detached.ts'
import { mapConcurrent } from './map-concurrent.ts'
import { Semaphore } from './semaphore.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from './task-group.ts'
import { withTimeout } from './timeout.ts'

beforeAll(() => {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc') as NonNullable<typeof gc>
})

describe('leaks', () => {
  const { signal } = new AbortController()
  const semaphore = new Semaphore(1)

  const rounds: Record<string, () => Promise<unknown>> = {
    scopes: () => cancelScope(() => 1),
    timeouts: () => withTimeout(60_000, async () => 1),
    'timeouts with a grace': () => withTimeout(60_000, async () => 1, { graceMs: 1 }),
    'scopes that follow a long-lived foreign signal': () => cancelScope(() => 1, { signal }),
    acquires: async () => {
      using _permit = await semaphore.acquire()
    },
    'cancelled waiters': () =>
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

  test.each(Object.entries(rounds))('%s leave nothing behind', async (_, round) => {
    // In one long-lived scope, as in a server: what is left would be kept by it.
    await cancelScope(() => assertNoLeaks(round, { rounds: 20_000 }))
  })
})

describe('assertNoLeaks', () => {
  test('finds heap that grows', async () => {
    const kept: unknown[] = []
    const leaking = assertNoLeaks(() => kept.push(Array.from({ length: 50 }, () => ({}))))
    await expect(leaking).rejects.toThrow('Expected the heap to stay as it is')
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
