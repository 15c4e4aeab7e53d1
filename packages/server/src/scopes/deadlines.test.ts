import { AsyncLocalStorage } from 'node:async_hooks'
import type { Ring } from '@yuzuru/concurrency/boundary'
import { TestClock } from '@yuzuru/concurrency/testing'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { Deadlines, type Due } from './deadlines.ts'

class One implements Due<One> {
  home: Ring<One> | undefined = undefined
  before: One = this
  after: One = this
  readonly expiresAt: number
  readonly expire: () => void

  constructor(expiresAt: number, expire: () => void) {
    this.expiresAt = expiresAt
    this.expire = expire
  }
}

const clockOfTest = (): TestClock => {
  const clock = TestClock.install()
  onTestFinished(() => clock[Symbol.dispose]())
  return clock
}

const step = fc.oneof(
  fc.record({ what: fc.constant('add' as const), ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ what: fc.constant('leave' as const), at: fc.nat(20) }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ what: fc.constant('rest' as const) }),
)

test('each is due at its time, unless it left before, whatever comes and goes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      using clock = TestClock.install()
      const deadlines = new Deadlines<One>()
      const expired: [due: number, at: number][] = []
      const inLine: One[] = []
      const expected: number[] = []
      for (const each of steps) {
        if (each.what === 'add') {
          const expiresAt = clock.now() + each.ms
          const one: One = new One(expiresAt, () => {
            inLine.splice(inLine.indexOf(one), 1)
            expired.push([expiresAt, clock.now()])
          })
          const isInOrder = inLine.every((other) => other.expiresAt <= expiresAt)
          expect(deadlines.add(one, clock.now())).toBe(isInOrder)
          if (isInOrder) inLine.push(one)
        } else if (each.what === 'leave') {
          const [one] = inLine.splice(each.at, 1)
          if (one !== undefined) deadlines.remove(one)
        } else if (each.what === 'rest') {
          deadlines.rest()
          expect(clock.pending).toBe(inLine.some(({ expiresAt }) => expiresAt < Infinity) ? 1 : 0)
        } else {
          const until = clock.now() + each.ms
          expected.push(...inLine.map(({ expiresAt }) => expiresAt).filter((at) => at <= until))
          await clock.advance(each.ms)
        }
        expect(clock.pending).toBeLessThanOrEqual(1)
      }
      expect(expired).toEqual(expected.map((at) => [at, at]))
    }),
  )
})

test('one that is never due has no timer', () => {
  const clock = clockOfTest()
  const deadlines = new Deadlines<One>()
  expect(deadlines.add(new One(Infinity, () => undefined), 0)).toBe(true)
  expect(deadlines.add(new One(1, () => undefined), 0)).toBe(false)
  expect(clock.pending).toBe(0)
})

test('those of another clock are none of its line, and have one of their own once that is empty', async () => {
  const first = clockOfTest()
  const deadlines = new Deadlines<One>()
  const old = new One(100, () => undefined)
  deadlines.add(old, 0)
  const second = clockOfTest()
  expect(deadlines.add(new One(200, () => undefined), 0)).toBe(false)
  deadlines.remove(old)
  const seen: number[] = []
  deadlines.add(new One(200, () => seen.push(second.now())), 0)
  expect([first.pending, second.pending]).toEqual([0, 1])
  await second.advance(200)
  expect(seen).toEqual([200])
})

test('what is due may leave, and bring others, as it is told', async () => {
  const clock = clockOfTest()
  const deadlines = new Deadlines<One>()
  const seen: string[] = []
  const other = new One(10, () => seen.push('other'))
  const next = new One(30, () => seen.push('next'))
  const one = new One(10, () => {
    seen.push('one')
    deadlines.remove(other)
    deadlines.add(next, clock.now())
  })
  deadlines.add(one, 0)
  deadlines.add(other, 0)
  await clock.advance(29)
  expect(seen).toEqual(['one'])
  await clock.advance(1)
  expect(seen).toEqual(['one', 'next'])
})

test('the timer has the context of none of them', () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const clock = clockOfTest()
  const schedule = clock.schedule.bind(clock)
  clock.schedule = (delayMs, callback) => {
    seen.push(storage.getStore())
    return schedule(delayMs, callback)
  }
  storage.run('of a request', () => new Deadlines<One>().add(new One(1, () => undefined), 0))
  expect(seen).toEqual([undefined])
})
