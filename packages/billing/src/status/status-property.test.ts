import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountWith, DAY, NOW, recordWith } from '../../test/account.ts'
import type { BillingStatus } from './billing-status.ts'
import { planOf } from './plan-options.ts'
import { statusOf } from './status-of.ts'

describe('whatever the rows are', () => {
  const near = (days: number): fc.Arbitrary<number> =>
    fc.integer({ min: -days, max: days }).map((at) => NOW + at * DAY)
  const known = 'active trialing past_due unpaid paused incomplete'.split(' ')
  const ended = 'canceled incomplete_expired gone'.split(' ')
  const anyRecord = fc
    .record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      status: fc.oneof(fc.constantFrom(...known, ...ended), fc.string()),
      paused: fc.boolean(),
      createdAt: near(40),
      periodEndsAt: fc.option(near(40), { nil: undefined }),
      trialEndsAt: fc.option(near(40), { nil: undefined }),
      endsAt: fc.option(near(40), { nil: undefined }),
      since: near(40).filter((at) => at <= NOW),
    })
    .map(recordWith)
  const anyAccount = fc
    .tuple(
      fc.uniqueArray(anyRecord, { selector: ({ id }) => id, maxLength: 4 }),
      fc.option(near(40), { nil: undefined }),
    )
    .map(([subscriptions, trial]) => accountWith(subscriptions, trial))
  const plan = planOf({ graceDays: 7 })
  const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 2_000) }
  const factsOf = (status: BillingStatus): unknown[] => [
    status.status,
    status.canUse(),
    status.subscription?.id,
    status.since,
    status.next,
  ]

  test('it is open exactly when a trial runs or something is paid for', () => {
    fc.assert(
      fc.property(anyAccount, (given) => {
        const isPaid = given.subscriptions.some(({ status, paused, endsAt = Infinity, since }) => {
          const inGrace = status === 'past_due' && since + 7 * DAY > NOW
          return (['active', 'trialing'].includes(status) || inGrace) && !paused && endsAt > NOW
        })
        const trialRuns = (given.trialEndsAt ?? 0) > NOW
        expect(statusOf(given, plan, NOW).canUse()).toBe(isPaid || trialRuns)
      }),
      runs,
    )
  })

  test('the order of the rows decides nothing, and one that has ended changes no living one', () => {
    const past = fc.tuple(anyRecord, fc.constantFrom(...ended))
    fc.assert(
      fc.property(anyAccount, past, (given, [old, status]) => {
        const facts = factsOf(statusOf(given, plan, NOW))
        const turned = { ...given, subscriptions: given.subscriptions.toReversed() }
        expect(factsOf(statusOf(turned, plan, NOW))).toEqual(facts)
        if (['canceled', 'trial_expired', 'none'].includes(facts[0] as string)) return
        const more = { ...given, subscriptions: [...given.subscriptions, { ...old, status }] }
        expect(factsOf(statusOf(more, plan, NOW))).toEqual(facts)
      }),
      runs,
    )
  })

  test('it stays what it is until the next date, and its dates are on their side of now', () => {
    fc.assert(
      fc.property(anyAccount, fc.double({ min: 0, max: 1, noNaN: true }), (given, part) => {
        const status = statusOf(given, plan, NOW)
        const next = status.next?.at.getTime() ?? NOW + 100 * DAY
        expect(next).toBeGreaterThan(NOW)
        const at = Math.min(NOW + Math.floor((next - NOW) * part), next - 1)
        const later = statusOf(given, plan, at)
        expect(later.status).toBe(status.status)
        expect(later.subscription).toBe(status.subscription)
      }),
      runs,
    )
  })
})
