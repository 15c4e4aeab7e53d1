import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isRetryable, outcomeOf } from '@yuzuru/concurrency'
import { casesOf, type SuiteCase } from '@yuzuru/concurrency/testing'
import {
  type BillingFixture,
  type Check,
  checkoutInput,
  EMAIL,
  failureOf,
  made,
  refusalOf,
} from './billing-fixture.ts'
import { CHECKOUT_CASES } from './exercise-billing-checkouts.ts'
import { SUBSCRIPTION_CASES } from './exercise-billing-subscriptions.ts'
import { SYNC_CASES } from './exercise-billing-sync.ts'
import { WEBHOOK_CASES } from './exercise-billing-webhooks.ts'

/**
 * What must hold of a billing, whatever its store and whichever Stripe it speaks to. Each case makes a
 * fixture of its own.
 *
 * @example
 * for (const { name, run } of exerciseBilling(makeFixture)) test(name, run)
 */
export function exerciseBilling(
  make: () => BillingFixture | Promise<BillingFixture>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries(ALL).map(([name, check]) =>
    of(name, (fixture) => check(fixture, `office-${randomUUID()}`)),
  )
}

const CASES: Readonly<Record<string, Check>> = {
  'a repeat gives the same customer': async (fixture, reference) => {
    const first = await fixture.billing.ensureCustomer({ reference, email: EMAIL })
    const again = await fixture.billing.ensureCustomer({ reference, email: 'other@example.jp' })
    assert.deepEqual(again, first)
    assert.equal(made(fixture, reference), 1)
  },
  'fifty calls at once make one customer': async (fixture, reference) => {
    const calls = Array.from({ length: 50 }, () =>
      fixture.billing.ensureCustomer({ reference, email: EMAIL }),
    )
    const ids = new Set((await Promise.all(calls)).map(({ customerId }) => customerId))
    assert.equal(ids.size, 1)
    assert.equal(made(fixture, reference), 1)
  },
  'a lost answer and a repeat leave one customer': async (fixture, reference) => {
    fixture.loseReply('POST /v1/customers')
    const input = { reference, email: EMAIL }
    const lost = await fixture.billing.ensureCustomer(input).catch((error: unknown) => error)
    if (lost instanceof Error) {
      assert.equal(outcomeOf(lost), 'unknown')
      assert.ok(isRetryable(lost))
    }
    await fixture.billing.ensureCustomer(input)
    assert.equal(made(fixture, reference), 1)
  },
  'a refused address fails, and a corrected one is taken': async (fixture, reference) => {
    const wrong = fixture.billing.ensureCustomer({ reference, email: 'nobody' })
    const error = await refusalOf(wrong, 'invalid_request')
    assert.equal(error.param, 'email')
    assert.equal(error.outcome, 'none')
    await fixture.billing.ensureCustomer({ reference, email: EMAIL })
    assert.equal(made(fixture, reference), 1)
  },
  'a hundred first looks at once start one trial': async ({ billing }, reference) => {
    const looks = await Promise.all(Array.from({ length: 100 }, () => billing.status(reference)))
    const dates = new Set(looks.map(({ trialEndsAt }) => trialEndsAt?.getTime()))
    assert.equal(dates.size, 1)
    for (const look of looks) {
      assert.equal(look.status, 'trialing')
      assert.equal(look.next?.what, 'trial_ends')
      assert.deepEqual(look.next.at, look.trialEndsAt)
      assert.equal(look.canUse(), true)
    }
    const [first] = looks
    const lasts = (first?.trialEndsAt?.getTime() ?? 0) - (first?.since.getTime() ?? 0)
    assert.equal(lasts, 180 * 86_400_000)
  },
  'a call whose signal has fired makes nothing': async (fixture, reference) => {
    const signal = AbortSignal.abort()
    await failureOf(fixture.billing.ensureCustomer({ reference, email: EMAIL }, { signal }))
    assert.equal(made(fixture, reference), 0)
  },
  'wrong values are TypeErrors before anything is sent': async (fixture, reference) => {
    const { billing } = fixture
    const input = checkoutInput(fixture)
    const wrong = [
      billing.ensureCustomer({ reference: '', email: EMAIL }),
      billing.ensureCustomer({ reference, email: 7 as never }),
      billing.ensureCustomer({ reference, email: EMAIL, metadata: { yuzuru_reference: 'x' } }),
      billing.checkout('', input),
      billing.checkout(reference, { ...input, successUrl: 'nowhere' }),
      billing.checkout(reference, { ...input, quantity: 0 }),
      billing.checkout(reference, { ...input, whenSubscribed: 'never' as 'refuse' }),
      billing.checkout(reference, { ...input, native: { customer: 'cus_1' } as never }),
      billing.checkout(reference, {
        ...input,
        native: { subscription_data: { trial_period_days: 30 } as never },
      }),
      billing.portal(reference, { returnUrl: 'javascript:alert(1)' }),
      billing.portal(reference, { returnUrl: 'https://example.jp', flow: 'home' as never }),
      billing.cancel(reference, { at: 'soon' as never }),
      billing.cancel(reference, { at: new Date(0) }),
      billing.cancel(reference, { at: new Date(Number.NaN) }),
      billing.changePlan(reference, { price: '' }),
      billing.changePlan(reference, { price: 'price_1', proration: 'some' as never }),
      billing.changePlan(reference, { price: 'price_1', prorationDate: 1 as never }),
      billing.previewPlan(reference, { price: 'price_1', quantity: 0 }),
      billing.setQuantity(reference, 1.5),
      billing.usage(reference, { meter: 'pages', value: -1, id: 'a' }),
      billing.usage(reference, { meter: 'pages', value: 1, id: '' }),
      billing.status(''),
      billing.status(7 as never),
    ]
    for (const call of wrong) assert.ok((await failureOf(call)) instanceof TypeError)
    assert.deepEqual(fixture.customers(), [])
  },
}

const ALL: Readonly<Record<string, Check>> = {
  ...CASES,
  ...CHECKOUT_CASES,
  ...SUBSCRIPTION_CASES,
  ...WEBHOOK_CASES,
  ...SYNC_CASES,
}
