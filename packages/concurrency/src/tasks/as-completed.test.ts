import { describe, expect, test } from 'vitest'
import { asCompleted } from './as-completed.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { sleep } from '../scopes/sleep.ts'
import { TestClock } from '../testing/test-clock.ts'

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
        `Expected thunks to be an iterable or an object of functions, got ${wrong}`,
      )
    }
  })

  test('is named in its failures', async () => {
    const failing = [1, 2].map((number) => () => Promise.reject(new Error(`no ${number}`)))
    await expect(asCompleted(failing).next()).rejects.toThrow('2 failures in "asCompleted"')
    await expect(asCompleted(failing, { name: 'offers' }).next()).rejects.toThrow('"offers"')
  })

  test('with settle, gives each its own result and says which it is', async () => {
    using clock = TestClock.install()
    const fail = async (): Promise<number> => {
      await sleep(20)
      throw new Error('no')
    }
    const seen: unknown[] = []
    const looping = (async () => {
      for await (const each of asCompleted([after(30), fail, after(10)], { settle: true })) {
        seen.push(each)
      }
      for await (const each of asCompleted({ a: fail, b: after(10) }, { settle: true })) {
        seen.push(each.key satisfies 'a' | 'b')
      }
      for await (const value of asCompleted({ a: after(20), b: after(10) })) seen.push(value)
    })()
    await clock.advance(80)
    await looping
    expect(seen).toEqual([
      { key: 2, status: 'fulfilled', value: 10 },
      { key: 1, status: 'rejected', reason: new Error('no') },
      { key: 0, status: 'fulfilled', value: 30 },
      'b',
      'a',
      10,
      20,
    ])
  })

  test('with settle, a cancel from outside is thrown and never a result', async () => {
    const seen: unknown[] = []
    const result = cancelScope(async (scope) => {
      const thunks = [
        () => Promise.reject(new Error('no')),
        () => sleep(Infinity).catch(() => Promise.reject(new Error('made of the cancel'))),
      ]
      for await (const each of asCompleted(thunks, { settle: true })) {
        seen.push(each.key)
        scope.cancel('enough')
      }
    })
    await expect(result).rejects.toMatchObject({ name: 'Cancelled', message: 'enough' })
    expect(seen).toEqual([0])
  })

  test('with settle, a loop that breaks still cancels and awaits the others', async () => {
    let ended = 0
    const work = (): Promise<void> => sleep(Infinity).finally(() => (ended += 1))
    const thunks = [() => Promise.reject(new Error('no')), work, work]
    for await (const _ of asCompleted(thunks, { settle: true })) break
    expect(ended).toBe(2)
  })
})
