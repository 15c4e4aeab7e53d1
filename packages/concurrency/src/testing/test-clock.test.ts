import { describe, expect, test } from 'vitest'
import { currentClock, systemClock } from '../scopes/clock.ts'
import { TestClock } from './test-clock.ts'

describe('TestClock', () => {
  test('fires what is due in order of time, then of arming', async () => {
    using clock = TestClock.install()
    const log: string[] = []
    clock.schedule(20, () => log.push('20'))
    clock.schedule(10, () => log.push(`10 at ${clock.now()}`))
    clock.schedule(10, () => log.push('10 again'))
    clock.schedule(30, () => log.push('30')).cancel()
    await clock.advance(25)
    expect(log).toEqual(['10 at 10', '10 again', '20'])
    expect(clock.now()).toBe(25)
    expect(clock.pending).toBe(0)
  })

  test('is in force until it is disposed of', () => {
    {
      using clock = TestClock.install()
      expect(currentClock()).toBe(clock)
    }
    expect(currentClock()).toBe(systemClock)
  })
})
