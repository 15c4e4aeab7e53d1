import { describe, expect, test } from 'vitest'

import { openStripeAt, refusal, seconds, subscribe } from '../../../test/stripe/fixture.ts'

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

// Source: https://docs.stripe.com/api/subscriptions/resume
describe('resuming', () => {
  test('a subscription that its trial paused bills a new period and is active once that is paid', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id: customer } = await stripe.customers.create()
    const { id } = await subscribe(stripe, {
      customer,
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    })
    expect(await refusal(stripe.subscriptions.resume(id))).toMatchObject({ status: 400 })
    await open.moveTo('2026-01-20T00:00:00Z')
    expect((await stripe.subscriptions.resume(id)).status).toBe('paused')
    const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id)
    await stripe.invoices.pay(invoice as string, { payment_method: 'pm_card_visa' })
    const resumed = await stripe.subscriptions.retrieve(id)
    expect(resumed).toMatchObject({
      billing_cycle_anchor: seconds('2026-01-20T00:00:00Z'),
      status: 'active',
    })
    expect(server.events().map(({ type }) => type)).toContain('customer.subscription.resumed')
  })
})
