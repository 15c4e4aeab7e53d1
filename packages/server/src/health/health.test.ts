import { sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { healthOf } from './health.ts'

let clock: TestClock

beforeEach(() => {
  clock = TestClock.install()
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-30T08:15:00.000Z') })
})

afterEach(() => {
  clock[Symbol.dispose]()
  vi.useRealTimers()
})

/** A check whose calls ignore their cancel, each until it is let go. */
function stubborn() {
  const calls: PromiseWithResolvers<void>[] = []
  const running = { now: 0, most: 0 }
  const check = async (): Promise<void> => {
    const call = Promise.withResolvers<void>()
    calls.push(call)
    running.now += 1
    running.most = Math.max(running.most, running.now)
    try {
      await call.promise
    } finally {
      running.now -= 1
    }
  }
  return { check, calls, running }
}

const STILL = 'still running since 2026-11-30T08:15:00.000Z'

describe('a check that ignores its cancel', () => {
  test('is not called again while its call is under way, and fails meanwhile', async () => {
    const { check, calls, running } = stubborn()
    const health = healthOf({ db: check, disk: () => undefined })
    const first = health()
    await clock.advance(1_100)
    expect(await first).toEqual({ ok: false, checks: { db: STILL, disk: 'ok' } })
    for (let probe = 0; probe < 10; probe += 1) {
      vi.advanceTimersByTime(1_000)
      await clock.advance(1_000)
      // At once: what is under way is not waited for.
      expect(await health()).toEqual({ ok: false, checks: { db: STILL, disk: 'ok' } })
    }
    expect([calls.length, running.most]).toEqual([1, 1])
  })

  test.each([
    ['well', (call: PromiseWithResolvers<void>) => call.resolve()],
    ['with a failure', (call: PromiseWithResolvers<void>) => call.reject(new Error('late'))],
  ])('is called again once its call has ended %s', async (_how, end) => {
    const { check, calls, running } = stubborn()
    const health = healthOf({ db: check })
    const first = health()
    await clock.advance(1_100)
    await first
    end(calls[0] as PromiseWithResolvers<void>)
    await clock.advance(1_000)
    const second = health()
    await clock.advance(0)
    calls[1]?.resolve()
    expect(await second).toEqual({ ok: true, checks: { db: 'ok' } })
    expect([calls.length, running.most]).toEqual([2, 1])
  })

  test('has its own time again in its next call', async () => {
    const { check, calls } = stubborn()
    const health = healthOf({ db: check }, 200)
    const first = health()
    await clock.advance(300)
    await first
    calls[0]?.resolve()
    await clock.advance(1_000)
    vi.setSystemTime(new Date('2026-11-30T08:16:00.000Z'))
    const second = health()
    await clock.advance(300)
    expect((await second).checks).toEqual({ db: 'still running since 2026-11-30T08:16:00.000Z' })
  })
})

test('a check that obeys its cancel fails with the code of its timeout, and is called anew', async () => {
  let calls = 0
  const health = healthOf({
    db: async () => {
      calls += 1
      await sleep(Infinity)
    },
  })
  for (const expected of [1, 2]) {
    const asked = health()
    await clock.advance(2_000)
    expect(await asked).toEqual({ ok: false, checks: { db: 'timeout' } })
    expect(calls).toBe(expected)
  }
})

test('a check that throws at once leaves nothing under way', async () => {
  let calls = 0
  const health = healthOf({
    db: () => {
      calls += 1
      throw Object.assign(new Error('gone'), { code: 'gone' })
    },
  })
  expect((await health()).checks).toEqual({ db: 'gone' })
  await clock.advance(1_000)
  expect((await health()).checks).toEqual({ db: 'gone' })
  expect(calls).toBe(2)
})
