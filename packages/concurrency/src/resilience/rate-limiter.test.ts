import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rateLimiter } from './rate-limiter.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'

describe('rateLimiter', () => {
  test('never lets more than its limit begin in any window, by weight', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.nat(15), fc.integer({ min: 1, max: 5 })), { maxLength: 12 }),
        async (limit, calls) => {
          using clock = TestClock.install()
          const limiter = rateLimiter({ limit, windowMs: 10 })
          const starts: { at: number; weight: number }[] = []
          await taskGroup(async (group) => {
            for (const [pause, asked] of calls) {
              const weight = Math.min(asked, limit)
              group.spawn(async () => {
                await limiter.acquire(weight)
                starts.push({ at: clock.now(), weight })
              })
              await clock.advance(pause)
            }
            await clock.advance(calls.length * 10)
          })
          expect(starts).toHaveLength(calls.length)
          for (const { at } of starts) {
            const within = starts.filter((start) => start.at >= at && start.at < at + 10)
            expect(within.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(limit)
          }
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('lets a whole window’s worth begin at once, and the next when the first has left it', async () => {
    using clock = TestClock.install()
    const limiter = rateLimiter({ limit: 2, windowMs: 100 })
    const starts: number[] = []
    await taskGroup(async (group) => {
      for (let i = 0; i < 3; i += 1) {
        group.spawn(async () => {
          await limiter.acquire()
          starts.push(clock.now())
        })
      }
      await clock.advance(99)
      expect(starts).toEqual([0, 0])
      expect(limiter.waiting).toBe(1)
      await clock.advance(1)
    })
    expect(starts).toEqual([0, 0, 100])
  })

  test('a big one at the head is not overtaken; when it is cancelled, those behind go at once', async () => {
    using clock = TestClock.install()
    const limiter = rateLimiter({ limit: 3, windowMs: 100 })
    await limiter.acquire(1)
    let small = false
    await taskGroup(async (group) => {
      const big = group.spawn(() => limiter.acquire(3))
      group.spawn(async () => {
        await limiter.acquire(1)
        small = true
      })
      await clock.advance(1)
      expect(small).toBe(false)
      expect(limiter.tryAcquire(1)).toBe(false)
      big.cancel()
      await clock.advance(0)
      expect(small).toBe(true)
    })
    expect(clock.pending).toBe(0)
  })

  test('those who are cancelled together all leave, and none is let in on the way', async () => {
    const limiter = rateLimiter({ limit: 3, windowMs: 100 })
    await limiter.acquire(1)
    const ended: string[] = []
    await taskGroup((group) => {
      for (const weight of [3, 1, 1]) {
        group.spawn(() => limiter.acquire(weight).then(() => ended.push('let in')))
      }
      group.cancel()
    })
    expect([ended, limiter.available]).toEqual([[], 2])
  })

  test('holds no timer when nobody waits', async () => {
    using clock = TestClock.install()
    const limiter = rateLimiter({ limit: 1, windowMs: 100 })
    expect(limiter.tryAcquire()).toBe(true)
    expect(limiter.available).toBe(0)
    await taskGroup((group) => {
      group.spawn(() => limiter.acquire()).cancel()
    })
    expect(clock.pending).toBe(0)
  })

  test('tells its name, and what waits for it', async () => {
    expect(rateLimiter({ limit: 1, windowMs: 1 }).name).toBe('rate limiter')
    const limiter = rateLimiter({ limit: 1, windowMs: 100, name: 'sms' })
    expect(limiter.name).toBe('sms')
    expect(await limiter.acquire().then(() => 'let in')).toBe('let in')
    await taskGroup((group) => {
      group.spawn(() => limiter.acquire(), { name: 'remind' })
      expect(formatTaskTree()).toContain('waits for rate limiter "sms", 1st in line')
      group.cancel()
    })
  })

  test('in a cancelled scope nothing is counted', async () => {
    const limiter = rateLimiter({ limit: 1, windowMs: 100 })
    const attempt = cancelScope(async (scope) => {
      scope.cancel()
      await limiter.acquire()
    })
    await expect(attempt).rejects.toBeInstanceOf(Cancelled)
    expect(limiter.available).toBe(1)
  })

  test('refuses limits, windows and weights that make no sense', () => {
    expect(() => rateLimiter({ limit: 0, windowMs: 1 })).toThrow(TypeError)
    expect(() => rateLimiter({ limit: 1, windowMs: 0 })).toThrow(TypeError)
    expect(() => rateLimiter({ limit: 1, windowMs: Infinity })).toThrow(TypeError)
    expect(() => rateLimiter({ limit: 1, windowMs: '1' as never })).toThrow(TypeError)
    for (const weight of [0, 0.5]) {
      expect(() => rateLimiter({ limit: 1, windowMs: 1 }).tryAcquire(weight)).toThrow(TypeError)
    }
    expect(() => rateLimiter({ limit: 1, windowMs: 1 }).tryAcquire(2)).toThrow(
      new TypeError('Expected weight to be an integer from 1 to 1, got 2'),
    )
  })
})
