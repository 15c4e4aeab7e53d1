import { assert, constantFrom, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkoutTrialEnd } from './trial.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
const now = Date.UTC(2026, 0, 1)

describe('what is left of the app’s trial', () => {
  test.each([
    ['that never was is no trial', undefined, undefined, undefined],
    ['that has ended is no trial', now, undefined, undefined],
    ['of 48 hours and a minute goes along', now + 48 * HOUR + 60_000, 'same', 'same'],
    ['of a second less is charged or clamped', now + 48 * HOUR + 59_000, undefined, 'least'],
    ['of a second is charged or clamped', now + SECOND, undefined, 'least'],
    ['of half a year goes along', now + 180 * DAY, 'same', 'same'],
    ['of three years is cut', now + 1_095 * DAY, 'most', 'most'],
  ] as const)('%s', (_, endsAt, charged, clamped) => {
    const named = {
      same: (endsAt ?? 0) / SECOND,
      least: (now + 48 * HOUR + 60_000) / SECOND,
      most: (now + 730 * DAY - 60_000) / SECOND,
    }
    const secondsOf = (name: keyof typeof named | undefined): number | undefined =>
      name === undefined ? undefined : named[name]
    expect(checkoutTrialEnd(endsAt, 'charge', now)).toBe(secondsOf(charged))
    expect(checkoutTrialEnd(endsAt, 'clamp', now)).toBe(secondsOf(clamped))
  })

  test('is never what Stripe refuses, and never more than was left, but for the 48 hours', () => {
    const offset = integer({ min: -2 * DAY, max: 1_500 * DAY })
    assert(
      property(offset, constantFrom('charge', 'clamp'), (left, whenShort) => {
        const end = checkoutTrialEnd(now + left, whenShort, now)
        if (end === undefined) return left <= 0 || whenShort === 'charge'
        const ahead = end * SECOND - now
        expect(ahead).toBeGreaterThan(48 * HOUR)
        expect(ahead).toBeLessThan(730 * DAY)
        return ahead <= Math.max(left, 48 * HOUR + 61_000)
      }),
    )
  })
})
