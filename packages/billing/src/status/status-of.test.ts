import { describe, expect, test } from 'vitest'
import { accountWith, DAY, NOW, recordWith } from '../../test/account.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'
import type { BillingStatus, BillingStatusName, NextStep } from './billing-status.ts'
import { planOf, type PlanOptions } from './plan-options.ts'
import { statusOf } from './status-of.ts'

const TRIAL = NOW + 80 * DAY
const OVER = NOW - 5 * DAY
const canceled = recordWith({ id: 'sub_0', status: 'canceled', endsAt: NOW - 30 * DAY })

interface Row {
  readonly of: string
  readonly subscriptions: readonly SubscriptionRecord[]
  readonly trial?: number
  readonly is: BillingStatusName
  readonly open: boolean
  /** In days from now. */
  readonly since: number
  readonly next?: readonly [days: number, what: NextStep]
  readonly endsIn?: number
  readonly plan?: PlanOptions
}

const rows: readonly Row[] = [
  { of: 'nothing at all', subscriptions: [], is: 'none', open: false, since: -100 },
  {
    of: 'the app’s own trial',
    subscriptions: [],
    trial: TRIAL,
    is: 'trialing',
    open: true,
    since: -100,
    next: [80, 'trial_ends'],
  },
  {
    of: 'the app’s own trial, over',
    subscriptions: [],
    trial: OVER,
    is: 'trial_expired',
    open: false,
    since: -5,
  },
  {
    of: 'the app’s own trial, at its last moment',
    subscriptions: [],
    trial: NOW,
    is: 'trial_expired',
    open: false,
    since: 0,
  },
  {
    of: 'one that is paid for',
    subscriptions: [recordWith()],
    is: 'active',
    open: true,
    since: -10,
    next: [20, 'renewal'],
  },
  {
    of: 'one that was paid for in the app’s trial, which is over',
    subscriptions: [recordWith()],
    trial: OVER,
    is: 'active',
    open: true,
    since: -5,
    next: [20, 'renewal'],
  },
  {
    of: 'one in a trial of Stripe’s',
    subscriptions: [recordWith({ status: 'trialing', trialEndsAt: NOW + 20 * DAY })],
    is: 'trialing',
    open: true,
    since: -10,
    next: [20, 'first_payment'],
  },
  {
    of: 'one that took what was left of the app’s trial along',
    subscriptions: [recordWith({ status: 'trialing', trialEndsAt: TRIAL, periodEndsAt: TRIAL })],
    trial: TRIAL,
    is: 'early_payment',
    open: true,
    since: -10,
    next: [80, 'first_payment'],
  },
  {
    of: 'one that is paid for in the app’s trial',
    subscriptions: [recordWith()],
    trial: TRIAL,
    is: 'early_payment',
    open: true,
    since: -10,
    next: [20, 'renewal'],
  },
  {
    of: 'one that is to end',
    subscriptions: [recordWith({ endsAt: NOW + 20 * DAY })],
    is: 'canceling',
    open: true,
    since: -10,
    next: [20, 'end'],
    endsIn: 20,
  },
  {
    of: 'one that is to end within the app’s trial',
    subscriptions: [recordWith({ status: 'trialing', endsAt: NOW + 20 * DAY })],
    trial: TRIAL,
    is: 'canceling',
    open: true,
    since: -10,
    next: [20, 'end'],
    endsIn: 20,
  },
  {
    of: 'one that was to end, and has not been asked for since',
    subscriptions: [recordWith({ endsAt: NOW })],
    is: 'canceled',
    open: false,
    since: 0,
    endsIn: 0,
  },
  {
    of: 'one that failed to be paid',
    subscriptions: [recordWith({ status: 'past_due' })],
    is: 'past_due',
    open: false,
    since: -10,
  },
  {
    of: 'one that failed to be paid, in the days of grace',
    subscriptions: [recordWith({ status: 'past_due' })],
    plan: { graceDays: 14 },
    is: 'past_due',
    open: true,
    since: -10,
    next: [4, 'grace_ends'],
  },
  {
    of: 'one that failed to be paid, after the days of grace',
    subscriptions: [recordWith({ status: 'past_due' })],
    plan: { graceDays: 10 },
    is: 'past_due',
    open: false,
    since: -10,
  },
  {
    of: 'one that failed to be paid in the app’s trial, which stays what it is',
    subscriptions: [recordWith({ status: 'past_due' })],
    trial: TRIAL,
    is: 'trialing',
    open: true,
    since: -100,
    next: [80, 'trial_ends'],
  },
  {
    of: 'one whose tries all failed',
    subscriptions: [recordWith({ status: 'unpaid' })],
    is: 'unpaid',
    open: false,
    since: -10,
  },
  {
    of: 'one whose trial ended without a card',
    subscriptions: [recordWith({ status: 'paused' })],
    is: 'paused',
    open: false,
    since: -10,
  },
  {
    of: 'one whose invoices are voided',
    subscriptions: [recordWith({ paused: true, endsAt: NOW + DAY })],
    is: 'paused',
    open: false,
    since: -10,
    next: [1, 'end'],
    endsIn: 1,
  },
  {
    of: 'one whose first payment has not succeeded',
    subscriptions: [recordWith({ status: 'incomplete' })],
    is: 'incomplete',
    open: false,
    since: -10,
  },
  {
    of: 'one whose first payment never succeeded: it gave nothing',
    subscriptions: [recordWith({ status: 'incomplete_expired', endsAt: NOW - DAY })],
    trial: OVER,
    is: 'trial_expired',
    open: false,
    since: -5,
  },
  {
    of: 'one that has ended',
    subscriptions: [canceled],
    is: 'canceled',
    open: false,
    since: -30,
    endsIn: -30,
  },
  {
    of: 'one that Stripe has no more',
    subscriptions: [recordWith({ status: 'gone' })],
    is: 'canceled',
    open: false,
    since: -10,
  },
  {
    of: 'one that Stripe has no more, before its planned end',
    subscriptions: [recordWith({ status: 'gone', endsAt: NOW + DAY })],
    is: 'canceled',
    open: false,
    since: -10,
    endsIn: 1,
  },
  {
    of: 'one that has ended in the app’s trial: it is the same trial, to the same day',
    subscriptions: [canceled],
    trial: TRIAL,
    is: 'trialing',
    open: true,
    since: -100,
    next: [80, 'trial_ends'],
  },
  {
    of: 'a status that Stripe has added since',
    subscriptions: [recordWith({ status: 'hibernating' })],
    is: 'unknown',
    open: false,
    since: -10,
  },
  {
    of: 'what is no subscription',
    subscriptions: [recordWith({ status: 'unreadable' })],
    is: 'unknown',
    open: false,
    since: -10,
  },
  {
    of: 'a living one, and an old one that has ended',
    subscriptions: [canceled, recordWith()],
    is: 'active',
    open: true,
    since: -10,
    next: [20, 'renewal'],
  },
  {
    of: 'a living one, and a newer one that has ended',
    subscriptions: [recordWith(), recordWith({ id: 'sub_2', status: 'canceled', createdAt: NOW })],
    is: 'active',
    open: true,
    since: -10,
    next: [20, 'renewal'],
  },
  {
    of: 'one that is paid for, and a newer one that waits for its first payment',
    subscriptions: [
      recordWith(),
      recordWith({ id: 'sub_2', status: 'incomplete', createdAt: NOW }),
    ],
    is: 'active',
    open: true,
    since: -10,
    next: [20, 'renewal'],
  },
  {
    of: 'an unknown one, and one that has ended: no second one is to be sold',
    subscriptions: [canceled, recordWith({ status: 'hibernating' })],
    is: 'unknown',
    open: false,
    since: -10,
  },
  {
    of: 'one that is to end, and one that goes on in a trial',
    subscriptions: [
      recordWith({ endsAt: NOW + DAY }),
      recordWith({ id: 'sub_2', status: 'trialing', trialEndsAt: NOW + 2 * DAY }),
    ],
    is: 'trialing',
    open: true,
    since: -10,
    next: [2, 'first_payment'],
  },
]

const daysOf = (date: Date | undefined): number | undefined =>
  date === undefined ? undefined : (date.getTime() - NOW) / DAY

describe('the status of', () => {
  for (const row of rows) {
    test(row.of, () => {
      const status = statusOf(
        accountWith(row.subscriptions, row.trial),
        planOf(row.plan ?? {}),
        NOW,
      )
      expect(status.status).toBe(row.is)
      expect(status.canUse()).toBe(row.open)
      expect(status.canUse('plans')).toBe(row.open)
      expect(daysOf(status.since)).toBe(row.since)
      const next = status.next && [daysOf(status.next.at), status.next.what]
      expect(next).toEqual(row.next)
      expect(daysOf(status.endsAt)).toBe(row.endsIn)
      expect(status.trialEndsAt?.getTime()).toBe(row.trial)
    })
  }
})

describe('a feature', () => {
  const plan = planOf({
    trial: { days: 180, features: ['plans'] },
    prices: {
      basic: { features: ['plans'] },
      prod_2: { features: ['calendar'] },
      price_3: { features: [] },
    },
  })
  const item = (priceId: string, change: object = {}): SubscriptionRecord['items'] => [
    { id: 'si_1', priceId, productId: 'prod_x', lookupKey: undefined, quantity: 1, ...change },
  ]
  const status = (subscriptions: readonly SubscriptionRecord[], trial?: number): BillingStatus =>
    statusOf(accountWith(subscriptions, trial), plan, NOW)

  test.each([
    ['the price’s lookup key', item('price_1', { lookupKey: 'basic' }), ['plans']],
    ['the price’s product', item('price_2', { productId: 'prod_2' }), ['calendar']],
    ['a price that opens nothing', item('price_3'), []],
    ['a price that is not listed', item('price_4'), []],
  ])('is opened by %s', (_, items, features) => {
    const { canUse } = status([recordWith({ items })])
    expect(['plans', 'calendar', 'other'].filter(canUse)).toEqual(features)
    expect(canUse()).toBe(features.length > 0)
  })

  test('is opened by every subscription that is paid for, and by the trial', () => {
    const calendar = recordWith({ items: item('price_2', { productId: 'prod_2' }) })
    expect(status([calendar]).canUse('plans')).toBe(false)
    const { canUse } = status([calendar], TRIAL)
    expect(canUse('plans') && canUse('calendar')).toBe(true)
    const both = [calendar, recordWith({ id: 'sub_2', items: item('x', { lookupKey: 'basic' }) })]
    expect(['plans', 'calendar'].filter(status(both).canUse)).toHaveLength(2)
  })
})
