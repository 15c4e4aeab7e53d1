import { describe, expect, test } from 'vitest'

import {
  openStripeAt,
  seconds,
  subscribe,
  type OpenStripeAtTime,
} from '../../../test/stripe/fixture.ts'

/** A subscription whose card is taken on 1 January and fails from 1 February on. */
async function failing(open: OpenStripeAtTime): Promise<{ id: string; customer: string }> {
  const { stripe } = open
  const { id, customer } = await subscribe(stripe)
  const owner = customer as string
  const method = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
    customer: owner,
  })
  await stripe.customers.update(owner, { invoice_settings: { default_payment_method: method.id } })
  return { id, customer: owner }
}

// Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
describe('a renewal that can’t be paid', () => {
  test('is past due, tried again by the schedule, and canceled after the last try', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id } = await failing(open)
    await open.moveTo('2026-02-01T01:00:00Z')
    const first = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(first).toMatchObject({
      latest_invoice: {
        attempt_count: 1,
        next_payment_attempt: seconds('2026-02-04T01:00:00Z'),
        status: 'open',
      },
      status: 'past_due',
    })
    await open.moveTo('2026-02-28T00:00:00Z')
    const failed = server.events().filter(({ type }) => type === 'invoice.payment_failed')
    expect(
      failed.map(({ created }) => new Date(created * 1000).toISOString().slice(0, 10)),
    ).toEqual(['2026-02-01', '2026-02-04', '2026-02-09', '2026-02-16'])
    const last = await stripe.subscriptions.retrieve(id)
    expect(last).toMatchObject({
      cancellation_details: { reason: 'payment_failed' },
      ended_at: seconds('2026-02-16T01:00:00Z'),
      status: 'canceled',
    })
  })

  test.each([
    ['mark_unpaid', 'unpaid'],
    ['leave_past_due', 'past_due'],
  ] as const)(
    'with %s is %s in the end, and active once its latest invoice is paid',
    async (end, status) => {
      await using open = await openStripeAt('2026-01-01T00:00:00Z', {
        dunning: { retryAfterDays: [1], end },
      })
      const { stripe } = open
      const { id } = await failing(open)
      await open.moveTo('2026-02-10T00:00:00Z')
      const left = await stripe.subscriptions.retrieve(id)
      expect(left.status).toBe(status)
      await stripe.invoices.pay(left.latest_invoice as string, { payment_method: 'pm_card_visa' })
      expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
    },
  )

  test('is paid by the next try once the customer has another card', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id, customer } = await failing(open)
    await open.moveTo('2026-02-02T00:00:00Z')
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, {
      invoice_settings: { default_payment_method: method.id },
    })
    expect((await stripe.customers.retrieve(customer)) as object).toMatchObject({
      delinquent: true,
    })
    await open.moveTo('2026-02-04T01:00:00Z')
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
    expect((await stripe.customers.retrieve(customer)) as object).toMatchObject({
      delinquent: false,
    })
  })

  test('while unpaid drafts the next invoices and collects none', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z', {
      dunning: { retryAfterDays: [1], end: 'mark_unpaid' },
    })
    const { stripe } = open
    const { id } = await failing(open)
    await open.moveTo('2026-03-02T00:00:00Z')
    const shown = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(shown).toMatchObject({
      latest_invoice: { auto_advance: false, status: 'draft' },
      status: 'unpaid',
    })
  })

  // Source: https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions
  test('while unpaid is active once its newest invoice is paid, and not by an older one', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z', {
      dunning: { retryAfterDays: [1], end: 'mark_unpaid' },
    })
    const { stripe } = open
    const { id } = await failing(open)
    await open.moveTo('2026-03-02T00:00:00Z')
    const { data } = await stripe.invoices.list({ subscription: id })
    expect(data.map(({ status }) => status)).toEqual(['draft', 'open', 'paid'])
    const [draft, older] = data.map((invoice) => invoice.id)
    await stripe.invoices.pay(older ?? '', { payment_method: 'pm_card_visa' })
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('unpaid')
    await stripe.invoices.finalizeInvoice(draft ?? '')
    await stripe.invoices.pay(draft ?? '', { payment_method: 'pm_card_visa' })
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  })

  test('and is past due is active once that is paid, though the next one is a draft already', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z', {
      dunning: { retryAfterDays: [1], end: 'leave_past_due' },
    })
    const { stripe } = open
    const { id } = await failing(open)
    await open.moveTo('2026-03-01T00:30:00Z')
    const { data } = await stripe.invoices.list({ subscription: id })
    expect(data.map(({ status }) => status)).toEqual(['draft', 'open', 'paid'])
    await stripe.invoices.pay(data[1]?.id ?? '', { payment_method: 'pm_card_visa' })
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  })

  test('with a card that its owner must confirm asks for that', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const made = await subscribe(stripe, { trial_period_days: 3 }, 'pm_card_authenticationRequired')
    await open.moveTo('2026-01-04T01:00:00Z')
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('past_due')
    expect(server.events().map(({ type }) => type)).toContain('invoice.payment_action_required')
    const [intent] = (await stripe.paymentIntents.list({ customer: made.customer as string })).data
    await server.authenticate(intent?.id ?? '')
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('active')
  })
})

describe('failPayment', () => {
  test('bills the subscription out of turn and leaves it past due', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id } = await subscribe(stripe)
    expect((await server.failPayment(id)).status).toBe('past_due')
    const shown = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
    expect(shown.latest_invoice).toMatchObject({ amount_remaining: 1980, status: 'open' })
    const updated = server.events().findLast(({ type }) => type === 'customer.subscription.updated')
    expect(updated?.data.previous_attributes).toMatchObject({ status: 'active' })
  })
})

// Source: https://docs.stripe.com/billing/collection-method
describe('an invoice that is sent', () => {
  test('leaves the subscription active until it is overdue', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id: customer } = await stripe.customers.create()
    const made = await subscribe(stripe, {
      collection_method: 'send_invoice',
      customer,
      days_until_due: 10,
    })
    expect(made.status).toBe('active')
    await open.moveTo('2026-01-11T00:00:00Z')
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('past_due')
    expect(server.events().map(({ type }) => type)).toContain('invoice.overdue')
  })
})
