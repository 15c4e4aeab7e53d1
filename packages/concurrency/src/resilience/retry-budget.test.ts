import { describe, expect, test } from 'vitest'
import { retry } from './retry.ts'
import { retryBudget } from './retry-budget.ts'
import { TestClock } from '../testing/test-clock.ts'

const busy = { retryable: true, outcome: 'none' }

describe('retryBudget', () => {
  test('keeps retries a fraction of calls', async () => {
    using clock = TestClock.install()
    const budget = retryBudget({ ratio: 0.1, reserve: 2 })
    let calls = 0
    const attempt = async (): Promise<void> => {
      const result = retry(
        () => {
          calls += 1
          throw busy
        },
        { attempts: 2, budget },
      ).catch((error: unknown) => error)
      await clock.advance(1_000)
      expect(await result).toBe(busy)
    }
    for (let i = 0; i < 22; i += 1) await attempt()
    // 22 calls, the two retries of the reserve, and one for each ten calls after that.
    expect(calls).toBe(22 + 2 + 2)
  })

  test('saves up no more than its reserve', () => {
    const budget = retryBudget({ reserve: 1 })
    for (let i = 0; i < 100; i += 1) budget.deposit()
    expect(budget.available).toBe(1)
    expect([budget.tryWithdraw(), budget.tryWithdraw()]).toEqual([true, false])
    for (let i = 0; i < 10; i += 1) budget.deposit()
    expect(budget.available).toBe(1)
  })

  test('without settings: ten retries to begin with, then one for ten calls; at most one for each', () => {
    const budget = retryBudget()
    expect(budget.available).toBe(10)
    while (budget.tryWithdraw());
    for (let i = 0; i < 9; i += 1) budget.deposit()
    expect(budget.available).toBe(0)
    budget.deposit()
    expect(budget.available).toBe(1)
    const generous = retryBudget({ ratio: 1, reserve: 1 })
    generous.tryWithdraw()
    generous.deposit()
    expect(generous.available).toBe(1)
  })

  test('a ratio of 0 leaves the reserve alone, and a reserve of 0 nothing', () => {
    const once = retryBudget({ ratio: 0, reserve: 1 })
    for (let i = 0; i < 100; i += 1) once.deposit()
    expect([once.tryWithdraw(), once.tryWithdraw()]).toEqual([true, false])
    once.deposit()
    expect(once.tryWithdraw()).toBe(false)
    const none = retryBudget({ ratio: 1, reserve: 0 })
    none.deposit()
    expect(none.tryWithdraw()).toBe(false)
    const all = retryBudget({ reserve: Infinity })
    expect([all.tryWithdraw(), all.available]).toEqual([true, Infinity])
  })

  test('refuses settings that make no sense', () => {
    expect(() => retryBudget({ ratio: -0.1 })).toThrow(TypeError)
    expect(() => retryBudget({ ratio: 2 })).toThrow('Expected ratio to be a number from 0 to 1')
    expect(() => retryBudget({ ratio: '1' as never })).toThrow(TypeError)
    expect(() => retryBudget({ reserve: -1 })).toThrow(TypeError)
    expect(() => retryBudget({ reserve: 1.5 })).toThrow(TypeError)
  })
})
