import { channel } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancelled } from './cancelled.ts'
import { cancelScope } from './cancel-scope.ts'
import { installClock } from './clock.ts'
import { io } from '../boundary/io.ts'
import type { Leftover } from './leftover.ts'
import { moveOnAfter } from './move-on-after.ts'
import { remaining } from './remaining.ts'
import { rootScopes } from './scope.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { TestClock } from '../testing/test-clock.ts'
import { TimeoutError } from './timeout-error.ts'
import { withTimeout } from './timeout.ts'
import { withDeadline } from './with-deadline.ts'

describe('withTimeout', () => {
  test('gives what its body returns in time, and leaves no timer', async () => {
    using clock = TestClock.install()
    expect(await withTimeout(10, () => 1)).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('aborts, waits for the body to end, and then throws a TimeoutError', async () => {
    using clock = TestClock.install()
    const log: string[] = []
    const timed = withTimeout(
      10,
      async () => {
        try {
          await sleep(Infinity)
        } finally {
          await shield(() => sleep(5))
          log.push('body ended')
        }
      },
      { name: 'page' },
    ).catch((error: unknown) => {
      log.push((error as Error).message)
      throw error
    })
    const failing = expect(timed).rejects.toBeInstanceOf(TimeoutError)
    await clock.advance(15)
    await failing
    expect(log).toEqual(['body ended', '"page" did not end within 10 ms'])
    await expect(timed).rejects.toMatchObject({
      scope: 'page',
      timeoutMs: 10,
      code: 'timeout',
      retryable: true,
      outcome: 'none',
      cause: { source: 'timeout', scope: 'page' },
    })
  })

  test('a body that returns after its deadline gives its value; expired tells', async () => {
    using clock = TestClock.install()
    const timed = withTimeout(10, async (scope) => {
      await shield(() => sleep(20))
      return scope.expired
    })
    await clock.advance(20)
    expect(await timed).toBe(true)
  })

  test('a body that throws something else after its deadline throws that', async () => {
    using clock = TestClock.install()
    const own = new Error('mine')
    const timed = withTimeout(10, async () => {
      await sleep(Infinity).catch(() => {
        throw own
      })
    })
    const failing = expect(timed).rejects.toBe(own)
    await clock.advance(10)
    await failing
  })

  test('an AbortError of a platform call counts as the timeout', async () => {
    using clock = TestClock.install()
    const timed = withTimeout(
      10,
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () =>
            reject(
              new DOMException('aborted', { name: 'AbortError', cause: signal.reason } as never),
            ),
          )
        }),
    )
    const failing = expect(timed).rejects.toBeInstanceOf(TimeoutError)
    await clock.advance(10)
    await failing
  })

  test('first settled wins in the same tick', async () => {
    using clock = TestClock.install()
    const value = withTimeout(10, async () => {
      await sleep(10)
      return 'in time'
    })
    const failing = expect(value).rejects.toBeInstanceOf(TimeoutError)
    // The timeout's timer was armed before the sleep's, so it is first.
    await clock.advance(10)
    await failing
    const other = (async () => {
      const slept = sleep(10)
      return await withTimeout(10, async () => {
        await slept
        return 'in time'
      })
    })()
    await clock.advance(10)
    expect(await other).toBe('in time')
  })

  test.each([0, -1])('with %s ms the body never starts', async (timeoutMs) => {
    let started = false
    const timed = withTimeout(timeoutMs, () => {
      started = true
    })
    await expect(timed).rejects.toBeInstanceOf(TimeoutError)
    expect(started).toBe(false)
    expect(rootScopes().size).toBe(0)
  })

  test('a body that cancels its own scope throws that cancel, and no TimeoutError', async () => {
    const result = withTimeout(60_000, async (scope) => {
      scope.cancel('enough')
      await sleep(1)
    })
    await expect(result).rejects.toMatchObject({ name: 'Cancelled', source: 'scope' })
  })

  test('with Infinity there is no timer', async () => {
    using clock = TestClock.install()
    await withTimeout(Infinity, () => expect(clock.pending).toBe(0))
  })

  test('an outer cancel beats an inner timeout, also while the inner one is winding down', async () => {
    using clock = TestClock.install()
    const result = cancelScope(
      async (outer) => {
        await withTimeout(10, async () => {
          try {
            await sleep(Infinity)
          } finally {
            await shield(() => sleep(10))
            outer.cancel()
          }
        })
      },
      { name: 'outer' },
    )
    const failing = expect(result).rejects.toMatchObject({ name: 'Cancelled', scope: 'outer' })
    await clock.advance(20)
    await failing
  })

  test('only the owner of the timeout that expired reports it', async () => {
    using clock = TestClock.install()
    const seen: unknown[] = []
    const result = withTimeout(
      10,
      async () => {
        await withTimeout(20, () => sleep(Infinity), { name: 'inner' }).catch((error: unknown) => {
          seen.push(error)
          throw error
        })
      },
      { name: 'outer' },
    )
    const failing = expect(result).rejects.toMatchObject({ name: 'TimeoutError', scope: 'outer' })
    await clock.advance(10)
    await failing
    expect(seen).toEqual([expect.any(Cancelled)])
    expect(clock.pending).toBe(0)
  })

  test('nested timeouts that are both due after a busy loop each fire once', async () => {
    const state = { now: 0, timers: [] as { readonly at: number; readonly fire: () => void }[] }
    const uninstall = installClock({
      now: () => state.now,
      schedule: (delayMs, fire) => {
        state.timers.push({ at: state.now + delayMs, fire })
        return { cancel: () => undefined }
      },
    })
    try {
      const fired: string[] = []
      const outer = withTimeout(
        2,
        async () => {
          const inner = withTimeout(1, () => sleep(Infinity), { name: 'inner' })
          await inner.catch((error: unknown) => fired.push((error as TimeoutError).scope))
          await sleep(Infinity)
        },
        { name: 'outer' },
      ).catch((error: unknown) => fired.push((error as TimeoutError).scope))
      // The loop was busy until long after both; then Node fires what is due, the earliest first.
      state.now = 50
      for (const { fire } of state.timers.toSorted((a, b) => a.at - b.at)) {
        fire()
        await setImmediate()
      }
      await outer
      expect(fired).toEqual(['inner', 'outer'])
    } finally {
      uninstall()
    }
  })

  test('remaining() is the minimum over ancestors up to a shield', async () => {
    using clock = TestClock.install()
    expect(remaining()).toBe(Infinity)
    await withTimeout(100, async () => {
      await withTimeout(200, () => expect(remaining()).toBe(100))
      await withTimeout(50, () => expect(remaining()).toBe(50))
      await shield(() => expect(remaining()).toBe(Infinity))
      await shield(() => expect(remaining()).toBe(30), { timeoutMs: 30 })
      await shield(() => withTimeout(300, () => expect(remaining()).toBe(300)))
    })
    let left: number | undefined
    await withTimeout(10, async () => {
      await shield(async () => {
        const waiting = sleep(20)
        await clock.advance(20)
        await waiting
      })
      left = remaining()
    })
    expect(left).toBe(0)
  })

  test('a timeout within a shield works although an outer one is due sooner', async () => {
    using clock = TestClock.install()
    const result = withTimeout(5, () => shield(() => withTimeout(10, () => sleep(Infinity))))
    const failing = expect(result).rejects.toMatchObject({ timeoutMs: 10 })
    await clock.advance(10)
    await failing
  })

  test('its outcome is unknown once an effect within it was begun', async () => {
    using clock = TestClock.install()
    const call = { boundary: 'test', operation: 'write' } as const
    const reads = withTimeout(10, async () => {
      await io({ ...call, effect: 'read' }, {}, () => 1)
      await sleep(Infinity)
    })
    const writes = withTimeout(10, async () => {
      await io({ ...call, effect: 'write' }, {}, () => 1)
      await sleep(Infinity)
    })
    const ends = Promise.all([
      expect(reads).rejects.toMatchObject({ outcome: 'none' }),
      expect(writes).rejects.toMatchObject({
        outcome: 'unknown',
        message: '"timeout" did not end within 10 ms; an effect within it may have happened',
      }),
    ])
    await clock.advance(10)
    await ends
  })

  test('graceMs bounds the wait, and what still runs then is reported', async () => {
    using clock = TestClock.install()
    const reported: Leftover[] = []
    const listener = (message: unknown): void => {
      reported.push(message as Leftover)
    }
    channel('yuzuru:leftover').subscribe(listener)
    const stubborn = Promise.withResolvers<void>()
    try {
      const timed = cancelScope(() =>
        withTimeout(10, () => stubborn.promise, { graceMs: 5, name: 'stubborn' }),
      )
      const failing = expect(timed).rejects.toBeInstanceOf(TimeoutError)
      await clock.advance(15)
      await failing
      expect(reported).toMatchObject([
        { name: 'stubborn', kind: 'timeout', ageMs: 15, state: 'abandoned' },
      ])
      // The scope around it has ended; the abandoned one stands in the tree until it ends too.
      expect(Array.from(rootScopes(), ({ name }) => name)).toEqual(['stubborn'])
      stubborn.resolve()
      await setImmediate()
      expect(rootScopes().size).toBe(0)
    } finally {
      channel('yuzuru:leftover').unsubscribe(listener)
    }
  })

  test('a body that ends within its grace leaves nothing behind', async () => {
    using clock = TestClock.install()
    const timed = withTimeout(10, () => sleep(Infinity), { graceMs: 5 })
    const failing = expect(timed).rejects.toBeInstanceOf(TimeoutError)
    await clock.advance(10)
    await failing
    expect(clock.pending).toBe(0)
    expect(await withTimeout(10, () => 'value', { graceMs: 5 })).toBe('value')
  })

  test('an abandoned body that fails later is no unhandled rejection', async () => {
    using clock = TestClock.install()
    const stubborn = Promise.withResolvers<void>()
    const timed = withTimeout(10, () => stubborn.promise, { graceMs: 0 })
    const failing = expect(timed).rejects.toBeInstanceOf(TimeoutError)
    const told = new Promise((resolve) => process.once('warning', resolve))
    await clock.advance(10)
    await failing
    expect(await told).toMatchObject({
      name: 'LeftoverWarning',
      message: expect.stringMatching(
        /^timeout "timeout" did not end within its grace after it was cancelled, and may still be running$/,
      ),
    })
    stubborn.reject(new Error('too late'))
    await setImmediate()
  })

  test.each([Number.NaN, '1'])('refuses %s milliseconds', async (timeoutMs) => {
    await expect(withTimeout(timeoutMs as number, () => 1)).rejects.toThrow(TypeError)
  })

  test('refuses a body that is no function, and a grace that is no time', async () => {
    await expect(withTimeout(1, 1 as never)).rejects.toThrow('Expected fn to be a function, got 1')
    await expect(withTimeout(1, () => 1, { graceMs: Number.NaN })).rejects.toThrow(TypeError)
  })
})

describe('moveOnAfter', () => {
  test('an expiry is an answer', async () => {
    using clock = TestClock.install()
    const slow = moveOnAfter(10, () => sleep(Infinity))
    await clock.advance(10)
    expect(await slow).toEqual({ expired: true, value: undefined, outcome: 'none' })
    expect(await moveOnAfter(10, () => 1)).toEqual({ expired: false, value: 1 })
    expect(await moveOnAfter(0, () => 1)).toEqual({
      expired: true,
      value: undefined,
      outcome: 'none',
    })
  })

  test('an outer cancel is none', async () => {
    using clock = TestClock.install()
    const result = withTimeout(5, () => moveOnAfter(10, () => sleep(Infinity)))
    const failing = expect(result).rejects.toMatchObject({ timeoutMs: 5 })
    await clock.advance(5)
    await failing
  })

  test('refuses a body that is no function', async () => {
    await expect(moveOnAfter(1, 1 as never)).rejects.toThrow('Expected fn to be a function, got 1')
  })
})

describe('withDeadline', () => {
  test('cancels at a moment of the wall clock', async () => {
    using clock = TestClock.install()
    const result = withDeadline(new Date(Date.now() + 1_000), () => sleep(Infinity))
    const failing = expect(result).rejects.toMatchObject({
      name: 'TimeoutError',
      scope: 'deadline',
    })
    await clock.advance(1_000)
    await failing
  })

  test('takes what withTimeout takes', async () => {
    const later = new Date(Date.now() + 60_000)
    expect(await withDeadline(later, (scope) => scope.name, { name: 'page' })).toBe('page')
  })

  test('one that has passed never starts the body', async () => {
    const result = withDeadline(new Date(0), () => expect.unreachable())
    await expect(result).rejects.toBeInstanceOf(TimeoutError)
  })

  test('refuses what is no date', async () => {
    await expect(withDeadline(new Date('x'), () => 1)).rejects.toThrow(TypeError)
    await expect(withDeadline(1 as never, () => 1)).rejects.toThrow(
      'Expected deadline to be a valid Date, got 1',
    )
  })
})
