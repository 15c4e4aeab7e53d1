import { AsyncLocalStorage } from 'node:async_hooks'
import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock, type Timer } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

const useFakeTimers = (): void => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
}

const heldTimeouts = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('of any timers, those that were not cancelled fire once, when they are due, in that order', async () => {
  const timers = fc.array(
    fc.record({
      delayMs: fc.integer({ min: 1, max: 60 }),
      cancelAfterMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(timers, async (plan) => {
      useFakeTimers()
      const start = performance.now()
      const fired: { readonly index: number; readonly at: number }[] = []
      const started = plan.map(({ delayMs }, index) =>
        systemClock.schedule(delayMs, () => fired.push({ index, at: performance.now() - start })),
      )
      const stays = plan.map(({ delayMs, cancelAfterMs = Infinity }) => cancelAfterMs >= delayMs)
      for (let ms = 0; ms <= 61; ms += 1) {
        plan.forEach(({ cancelAfterMs }, index) => {
          if (cancelAfterMs === ms && !stays[index]) started[index]?.cancel()
        })
        await vi.advanceTimersByTimeAsync(1)
      }
      const expected = plan
        .map(({ delayMs }, index) => ({ index, at: delayMs }))
        .filter(({ index }) => stays[index])
        .sort((a, b) => (plan[a.index]?.delayMs ?? 0) - (plan[b.index]?.delayMs ?? 0))
      expect(fired).toEqual(expected)
      vi.useRealTimers()
    }),
    { numRuns: 100 },
  )
})

test('a callback may cancel another that is due at the same time, and start more', async () => {
  useFakeTimers()
  const fired: string[] = []
  let late: Timer | undefined
  systemClock.schedule(5, () => {
    fired.push('first')
    late?.cancel()
    systemClock.schedule(1, () => fired.push('next'))
  })
  late = systemClock.schedule(5, () => fired.push('late'))
  await vi.advanceTimersByTimeAsync(6)
  expect(fired).toEqual(['first', 'next'])
})

test('what one wakes goes on before the next fires that is due at the same time', async () => {
  useFakeTimers()
  const order: string[] = []
  const woken = new Promise<void>((resolve) => systemClock.schedule(5, resolve))
  const late = systemClock.schedule(5, () => order.push('late'))
  const goOn = async (): Promise<void> => {
    await woken
    await Promise.resolve()
    order.push('woken')
    late.cancel()
  }
  void goOn()
  await vi.advanceTimersByTimeAsync(6)
  expect(order).toEqual(['woken'])
})

test('one that is started when another fires waits for a turn of the event loop', async () => {
  const turns: number[] = []
  setImmediate(() => turns.push(1))
  for (let times = 0; times < 1_000 && turns.length === 0; times += 1) {
    await new Promise<void>((resolve) => systemClock.schedule(0, resolve))
  }
  expect(turns).toEqual([1])
})

test('one that throws keeps no other from firing', async () => {
  useFakeTimers()
  let fired = false
  systemClock.schedule(5, () => {
    throw new Error('mine')
  })
  systemClock.schedule(5, () => {
    fired = true
  })
  expect(() => vi.advanceTimersByTime(5)).toThrow('mine')
  await vi.advanceTimersByTimeAsync(1)
  expect(fired).toBe(true)
})

test('one that fell due while the event loop was blocked asks Node for no delay below zero', () => {
  const delays: number[] = []
  vi.stubGlobal('setTimeout', (_: () => void, ms: number) => {
    delays.push(ms)
    return { ref() {}, unref() {} }
  })
  vi.stubGlobal('clearTimeout', () => undefined)
  const now = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(10)
  systemClock.schedule(5, () => undefined).cancel()
  now.mockRestore()
  vi.unstubAllGlobals()
  expect(delays).toEqual([1])
})

test('each calls back in the context it was started in, and keeps no other alive', async () => {
  const request = new AsyncLocalStorage<string>()
  const store = (name: string): Promise<unknown> =>
    request.run(
      name,
      () => new Promise((resolve) => systemClock.schedule(1, () => resolve(request.getStore()))),
    )
  const [a, b] = await Promise.all([store('a'), store('b')])
  expect([a, b]).toEqual(['a', 'b'])
  const context = await new Promise((resolve) => {
    const original = setTimeout
    vi.stubGlobal('setTimeout', (callback: () => void, ms: number) => {
      resolve(request.getStore())
      return original(callback, ms)
    })
    request.run('c', () => systemClock.schedule(1, () => undefined).cancel())
    vi.unstubAllGlobals()
  })
  expect(context).toBeUndefined()
})

test('the process is held as long as one is running, and no longer', () => {
  const before = heldTimeouts()
  const timers = [10_000, 5_000, 20_000].map((ms) => systemClock.schedule(ms, () => undefined))
  expect(heldTimeouts()).toBe(before + 1)
  for (const timer of timers) timer.cancel()
  expect(heldTimeouts()).toBe(before)
  const again = systemClock.schedule(30_000, () => undefined)
  expect(heldTimeouts()).toBe(before + 1)
  again.cancel()
  again.cancel()
  expect(heldTimeouts()).toBe(before)
})
