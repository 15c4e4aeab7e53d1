import { afterEach, describe, expect, test, vi } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { checkpoint, currentSignal } from './checkpoint.ts'
import { throwIfCancelled } from './current-scope.ts'
import { sleep } from './sleep.ts'
import { TestClock } from '../testing/test-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('sleep', () => {
  test('waits on the clock', async () => {
    using clock = TestClock.install()
    let woken = false
    const slept = sleep(10).then(() => {
      woken = true
    })
    await clock.advance(9)
    expect(woken).toBe(false)
    await clock.advance(1)
    await slept
  })

  test('in a cancelled scope it does not begin; without an end it takes no timer', async () => {
    using clock = TestClock.install()
    const result = cancelScope(async (scope) => {
      const endless = sleep(Infinity)
      expect(clock.pending).toBe(0)
      scope.cancel()
      await expect(endless).rejects.toBe(scope.signal.reason)
      await sleep(1)
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
    expect(clock.pending).toBe(0)
  })

  test('zero or less is due at once', async () => {
    using clock = TestClock.install()
    const slept = Promise.all([sleep(0), sleep(-1)])
    await clock.advance(0)
    await slept
  })

  test('a cancel ends it at once and takes its timer off', async () => {
    using clock = TestClock.install()
    const result = cancelScope(async (scope) => {
      queueMicrotask(() => {
        expect(clock.pending).toBe(1)
        scope.cancel()
        expect(clock.pending).toBe(0)
      })
      await sleep(1_000)
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
  })

  test('delays beyond 2^31 - 1 ms work', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    let woken = false
    const delay = 2 ** 31 * 2.5
    void sleep(delay).then(() => {
      woken = true
    })
    await vi.advanceTimersByTimeAsync(delay - 1)
    expect(woken).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(woken).toBe(true)
  })

  test('a delay beyond 2^31 - 1 ms can be cancelled, and holds the process no longer', async () => {
    const held = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = held()
    const result = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      await sleep(2 ** 40)
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
    expect(held()).toBe(before)
  })

  test('zero or less gives the event loop a turn', async () => {
    let turned = false
    setImmediate(() => {
      turned = true
    })
    await sleep(-1)
    await checkpoint()
    expect(turned).toBe(true)
  })

  test('refuses what is no time', () => {
    expect(() => sleep(Number.NaN)).toThrow(
      new TypeError('Expected delayMs to be a number of milliseconds, got NaN'),
    )
  })
})

describe('checkpoint', () => {
  test('throws before it turns, and after it', async () => {
    let turned = false
    const before = cancelScope(async (scope) => {
      scope.cancel()
      setImmediate(() => {
        turned = true
      })
      await checkpoint()
    })
    await expect(before).rejects.toMatchObject({ source: 'scope' })
    expect(turned).toBe(false)
    const after = cancelScope(async (scope) => {
      setImmediate(() => scope.cancel())
      await checkpoint()
    })
    await expect(after).rejects.toMatchObject({ source: 'scope' })
  })

  test('outside all scopes there is nothing to throw, and no signal', async () => {
    await checkpoint()
    throwIfCancelled()
    expect(currentSignal()).toBeUndefined()
    const within = cancelScope((scope) => {
      expect(currentSignal()).toBe(scope.signal)
      scope.cancel()
      throwIfCancelled()
      expect.unreachable()
    })
    await expect(within).rejects.toMatchObject({ source: 'scope' })
  })

  test('throws when the scope was cancelled while the loop turned', async () => {
    const result = cancelScope(async (scope) => {
      setImmediate(() => scope.cancel())
      for (;;) await checkpoint()
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
  })
})
