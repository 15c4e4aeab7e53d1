import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { io } from '../boundary/io.ts'
import { singleFlight } from './single-flight.ts'
import { sleep } from '../scopes/sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { remaining } from '../scopes/remaining.ts'
import { withTimeout } from '../scopes/timeout.ts'

describe('singleFlight', () => {
  test('calls with the same key share one call; a later one begins anew', async () => {
    let calls = 0
    const load = singleFlight(async (id: string) => {
      calls += 1
      await setImmediate()
      return `${id} ${calls}`
    })
    expect(await Promise.all([load('a'), load('a'), load('b')])).toEqual(['a 2', 'a 2', 'b 2'])
    expect(await load('a')).toBe('a 3')
  })

  test('the first caller’s cancel spares the others', async () => {
    using clock = TestClock.install()
    const load = singleFlight(async () => {
      await sleep(10)
      return 'value'
    })
    await taskGroup(async (group) => {
      const first = group.spawn(() => load())
      const second = group.spawn(() => load())
      first.cancel()
      await clock.advance(10)
      await expect(first).rejects.toBeInstanceOf(Cancelled)
      expect(await second).toBe('value')
    })
  })

  test('the last caller’s cancel cancels the flight and awaits its end', async () => {
    const log: unknown[] = []
    const load = singleFlight(async () => {
      try {
        await sleep(Infinity)
      } catch (error) {
        await setImmediate()
        log.push((error as Error).message)
        throw error
      }
    })
    await taskGroup(async (group) => {
      const first = group.spawn(() => load())
      const second = group.spawn(() => load())
      first.cancel()
      await setImmediate()
      expect(log).toEqual([])
      second.cancel()
      await second.then(undefined, () => log.push('second ended'))
    })
    expect(log).toEqual(['nobody waits for "flight" any more', 'second ended'])
  })

  test('who comes when the flight was cancelled but has not ended gets a new one', async () => {
    let calls = 0
    const load = singleFlight(async () => {
      calls += 1
      if (calls > 1) return 'new'
      try {
        return await sleep(Infinity)
      } finally {
        await setImmediate()
      }
    })
    await taskGroup(async (group) => {
      const first = group.spawn(() => load())
      first.cancel()
      await Promise.resolve()
      await Promise.resolve()
      expect(await load()).toBe('new')
    })
  })

  test('nothing takes off in a cancelled scope', async () => {
    const load = singleFlight(() => expect.unreachable())
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await load()
    })
    await expect(result).rejects.toBeInstanceOf(Cancelled)
  })

  test('runs under no caller’s deadline', async () => {
    const load = singleFlight(() => remaining())
    expect(await withTimeout(10, () => load())).toBe(Infinity)
  })

  test('a failure is thrown to all, and is not kept', async () => {
    let calls = 0
    const load = singleFlight(async () => {
      calls += 1
      await setImmediate()
      throw new Error(`no ${calls}`)
    })
    const both = await Promise.allSettled([load(), load()])
    expect(both.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual([
      'no 1',
      'no 1',
    ])
    await expect(load()).rejects.toThrow('no 2')
  })

  test('more than one argument needs a key', async () => {
    const bare = singleFlight(async (a: number, b: number) => a + b)
    await expect(bare(1, 2)).rejects.toThrow(TypeError)
    const keyed = singleFlight(async (a: number, b: number) => a + b, {
      key: (a, b) => `${a} ${b}`,
    })
    expect(await Promise.all([keyed(1, 2), keyed(1, 3)])).toEqual([3, 4])
    expect(() => singleFlight(1 as never)).toThrow(TypeError)
  })
})

describe('a flight that joins itself', () => {
  test('is a TypeError, whether at once, later, or in a task of its own', async () => {
    const atOnce = singleFlight((key: string): Promise<never> => atOnce(key))
    const later = singleFlight(async (key: string): Promise<never> => {
      await sleep(0)
      return await later(key)
    })
    const inTask = singleFlight((key: string): Promise<never> =>
      taskGroup((group) => group.spawn(() => inTask(key))),
    )
    await expect(atOnce('a')).rejects.toThrow('it would wait for itself')
    await expect(later('a')).rejects.toThrow('it would wait for itself')
    await expect(inTask('a')).rejects.toThrow('it would wait for itself')
  })
})

describe('a detached flight', () => {
  test('goes on without callers, to its end, and a caller that comes meanwhile joins it', async () => {
    using clock = TestClock.install()
    const log: string[] = []
    const refresh = singleFlight(
      async () => {
        await sleep(10)
        log.push('stored')
        return 'token'
      },
      { detached: true },
    )
    await expect(
      Promise.all([withTimeout(1, () => refresh()), clock.advance(1)]),
    ).rejects.toMatchObject({ timeoutMs: 1, outcome: 'none' })
    expect(refresh.size).toBe(1)
    const [token] = await Promise.all([refresh(), refresh.settled(), clock.advance(9)])
    expect([token, log, refresh.size]).toEqual(['token', ['stored'], 0])
  })

  test('runs in the context in which it was made, and what it does is nobody’s effect', async () => {
    const context = new AsyncLocalStorage<string>()
    const call = { boundary: 'test', operation: 'write', effect: 'write' } as const
    const flight = context.run('maker', () =>
      singleFlight(
        async () => {
          await io(call, {}, () => setImmediate())
          return context.getStore()
        },
        { detached: true },
      ),
    )
    const outcome = await cancelScope(async (scope) => {
      expect(await context.run('caller', () => flight())).toBe('maker')
      return scope.outcome
    })
    expect(outcome).toBe('none')
    await cancelScope(async (scope) => {
      await singleFlight(() => io(call, {}, () => setImmediate()))()
      expect(scope.outcome).toBe('unknown')
    })
  })

  test('is waited for by settled, also if it fails, which obeys the scope around it', async () => {
    using clock = TestClock.install()
    const flight = singleFlight(
      async (id: string) => {
        await sleep(5)
        throw new Error(id)
      },
      { detached: true },
    )
    await flight.settled()
    const failures = Promise.allSettled([flight('a'), flight('b')])
    expect(flight.size).toBe(2)
    await expect(
      Promise.all([withTimeout(1, () => flight.settled()), clock.advance(1)]),
    ).rejects.toMatchObject({ timeoutMs: 1 })
    await Promise.all([flight.settled(), clock.advance(4)])
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('is left by a caller whose scope is cancelled, and goes on', async () => {
    const land = Promise.withResolvers<void>()
    const flight = singleFlight(() => land.promise, { detached: true })
    await taskGroup(async (group) => {
      const caller = group.spawn(() => flight())
      await setImmediate()
      caller.cancel()
      await expect(caller).rejects.toBeInstanceOf(Cancelled)
    })
    expect(flight.size).toBe(1)
    land.resolve()
    await flight.settled()
  })
})
