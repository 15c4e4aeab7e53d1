import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  openStripeAt,
  type OpenStripeAtTime,
  refusal,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/pause-payment
describe('pausing collection', () => {
  test.each([
    ['keep_as_draft', 'draft'],
    ['mark_uncollectible', 'uncollectible'],
    ['void', 'void'],
  ] as const)(
    'with %s leaves the next invoices %s, and the subscription active',
    async (behavior, status) => {
      await using open = await openStripeAt('2026-01-01T00:00:00Z')
      const { stripe } = open
      const { id } = await subscribe(stripe)
      const resumes = seconds('2026-02-10T00:00:00Z')
      await stripe.subscriptions.update(id, { pause_collection: { behavior, resumes_at: resumes } })
      await open.moveTo('2026-02-02T00:00:00Z')
      const paused = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
      expect(paused).toMatchObject({ latest_invoice: { status }, status: 'active' })
      await open.moveTo('2026-03-02T00:00:00Z')
      const resumed = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
      expect(resumed).toMatchObject({ latest_invoice: { status: 'paid' }, pause_collection: null })
    },
  )

  test('ends when it is told to', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id } = await subscribe(stripe)
    await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } })
    const back = await stripe.subscriptions.update(id, { pause_collection: '' })
    expect(back.pause_collection).toBeNull()
  })
})

/** A subscription that its trial has paused on 8 January, as there was no card. */
async function pausedByItsTrial(
  open: OpenStripeAtTime,
  change: Partial<Stripe.SubscriptionCreateParams> = {},
): Promise<Stripe.Subscription> {
  const { id: customer } = await open.stripe.customers.create()
  const made = await subscribe(open.stripe, {
    customer,
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    ...change,
  })
  expect(await refusal(open.stripe.subscriptions.resume(made.id))).toMatchObject({ status: 400 })
  await open.moveTo('2026-01-20T00:00:00Z')
  return made
}

async function giveCard({ stripe }: OpenStripeAtTime, token: string, of: unknown): Promise<void> {
  const customer = of as string
  const { id: card } = await stripe.paymentMethods.attach(token, { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
}

// Sources: https://docs.stripe.com/api/subscriptions/resume and
// https://docs.stripe.com/billing/subscriptions/pause#resume-subscriptions
describe('resuming', () => {
  test('a subscription that its trial paused bills a new period and is active once that is paid', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id, customer } = await pausedByItsTrial(open)
    await giveCard(open, 'pm_card_visa', customer)
    // The card is there, and is not tried.
    expect((await stripe.subscriptions.resume(id)).status).toBe('paused')
    const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id)
    expect(await stripe.invoices.retrieve(invoice as string)).toMatchObject({
      attempt_count: 0,
      status: 'open',
    })
    await stripe.invoices.pay(invoice as string)
    const resumed = await stripe.subscriptions.retrieve(id)
    expect(resumed).toMatchObject({
      billing_cycle_anchor: seconds('2026-01-20T00:00:00Z'),
      status: 'active',
    })
    expect(server.events().map(({ type }) => type)).toContain('customer.subscription.resumed')
  })

  test('leaves it past due when the payment fails, and paused when nobody has tried for 23 hours', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id, customer } = await pausedByItsTrial(open)
    await giveCard(open, 'pm_card_chargeCustomerFail', customer)
    await stripe.subscriptions.resume(id)
    await open.moveTo('2026-01-20T23:00:00Z')
    const waited = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(waited).toMatchObject({ latest_invoice: { status: 'void' }, status: 'paused' })
    await stripe.subscriptions.resume(id)
    const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id)
    expect(await refusal(stripe.invoices.pay(invoice as string))).toMatchObject({ status: 402 })
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('past_due')
  })

  test('tries the card when it is told to, and needs one then', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id, customer } = await pausedByItsTrial(open)
    const payment_behavior = 'resume_on_payment_success'
    expect(await refusal(stripe.subscriptions.resume(id, { payment_behavior }))).toMatchObject({
      code: 'resource_missing',
      status: 400,
    })
    await giveCard(open, 'pm_card_chargeCustomerFail', customer)
    expect((await stripe.subscriptions.resume(id, { payment_behavior })).status).toBe('paused')
    await giveCard(open, 'pm_card_visa', customer)
    expect((await stripe.subscriptions.resume(id, { payment_behavior })).status).toBe('active')
  })

  test('is only for what is charged automatically, and by its success in flexible mode', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id, customer } = await pausedByItsTrial(open, { billing_mode: { type: 'classic' } })
    await giveCard(open, 'pm_card_visa', customer)
    const payment_behavior = 'resume_on_payment_success'
    expect(await refusal(stripe.subscriptions.resume(id, { payment_behavior }))).toMatchObject({
      status: 400,
    })
    await stripe.subscriptions.update(id, { collection_method: 'send_invoice', days_until_due: 7 })
    expect(await refusal(stripe.subscriptions.resume(id))).toMatchObject({ status: 400 })
  })
})
