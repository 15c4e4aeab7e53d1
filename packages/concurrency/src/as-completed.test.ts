import { describe, expect, test } from 'vitest'
import { asCompleted } from './as-completed.ts'
import { sleep } from './sleep.ts'
import { TestClock } from './test-clock.ts'

const after =
  (ms: number, ended?: () => void): (() => Promise<number>) =>
  async () => {
    try {
      await sleep(ms)
    } finally {
      ended?.()
    }
    return ms
  }

describe('asCompleted', () => {
  test('starts all together and gives results as they come', async () => {
    using clock = TestClock.install()
    const seen: number[] = []
    const looping = (async () => {
      for await (const ms of asCompleted([after(30), after(10), after(20)])) seen.push(ms)
    })()
    await clock.advance(30)
    await looping
    expect(seen).toEqual([10, 20, 30])
  })

  test('a loop that breaks cancels and awaits the others', async () => {
    using clock = TestClock.install()
    let ended = 0
    const looping = (async () => {
      const thunks = [10, 20, 30].map((ms) => after(ms, () => (ended += 1)))
      for await (const _ of asCompleted(thunks)) break
    })()
    await clock.advance(10)
    await looping
    expect(ended).toBe(3)
    expect(clock.pending).toBe(0)
  })

  test('refuses a promise: it starts the work itself', () => {
    expect(() => asCompleted([Promise.resolve(1) as never])).toThrow(
      'Expected 0 to be a function, got an instance of Promise',
    )
    for (const wrong of [1, undefined, null]) {
      expect(() => asCompleted(wrong as never)).toThrow(
        `Expected thunks to be iterable, got ${wrong}`,
      )
    }
  })

  test('is named in its failures', async () => {
    const failing = [1, 2].map((number) => () => Promise.reject(new Error(`no ${number}`)))
    await expect(asCompleted(failing).next()).rejects.toThrow('2 failures in "asCompleted"')
    await expect(asCompleted(failing, { name: 'offers' }).next()).rejects.toThrow('"offers"')
  })
})
