import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  monthlyPrice,
  openStripe,
  openStripeAt,
  refusal,
  subscribe,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/overview#how-subscriptions-work
describe('a first payment', () => {
  const statuses = (open: {
    server: { events(): readonly { type: string; data: { object: object } }[] }
  }): string[] =>
    open.server
      .events()
      .filter(({ type }) => type.startsWith('customer.subscription.'))
      .map(({ data, type }) => `${type.slice(22)} ${(data.object as { status: string }).status}`)

  test('makes the subscription incomplete, then active, in two events', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const made = await subscribe(stripe)
    expect(made.status).toBe('active')
    expect(statuses(open)).toEqual(['created incomplete', 'updated active'])
    const expand = ['latest_invoice.payments.data.payment.payment_intent']
    const shown = await stripe.subscriptions.retrieve(made.id, { expand })
    expect(shown.latest_invoice).toMatchObject({
      amount_paid: 1980,
      billing_reason: 'subscription_create',
      lines: { data: [{ amount: 1980, quantity: 1 }] },
      payments: { data: [{ payment: { payment_intent: { status: 'succeeded' } } }] },
      status: 'paid',
    })
  })

  test('without any card is refused, and leaves nothing', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const { id } = await stripe.customers.create()
    const refused = await refusal(subscribe(stripe, { customer: id }))
    expect(refused).toMatchObject({ code: 'resource_missing', status: 400 })
    expect(refused.message).toContain('no attached payment source')
    expect([server.subscriptions(), server.invoices()]).toEqual([[], []])
  })

  test('that the bank refuses leaves it incomplete, and a second try with another card makes it active', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const made = await subscribe(stripe, {}, 'pm_card_chargeCustomerFail')
    expect(made.status).toBe('incomplete')
    const invoice = await stripe.invoices.retrieve(made.latest_invoice as string)
    expect(invoice).toMatchObject({ attempt_count: 1, next_payment_attempt: null, status: 'open' })
    const paid = await stripe.invoices.pay(invoice.id ?? '', { payment_method: 'pm_card_visa' })
    expect(paid).toMatchObject({ amount_remaining: 0, status: 'paid' })
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('active')
    expect(statuses(open)).toEqual(['created incomplete', 'updated active'])
  })

  test('with error_if_incomplete is 402 and makes nothing', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const call = subscribe(
      stripe,
      { payment_behavior: 'error_if_incomplete' },
      'pm_card_chargeCustomerFail',
    )
    expect(await refusal(call)).toMatchObject({ code: 'card_declined', status: 402 })
    expect(server.subscriptions()).toEqual([])
  })

  test('with default_incomplete waits for the browser, which has its secret', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id: customer } = await stripe.customers.create()
    const made = await subscribe(stripe, {
      customer,
      expand: ['latest_invoice.confirmation_secret'],
      payment_behavior: 'default_incomplete',
      payment_settings: { save_default_payment_method: 'on_subscription' },
    })
    const { confirmation_secret: secret } = made.latest_invoice as Stripe.Invoice
    expect(made.status).toBe('incomplete')
    const [intent = ''] = secret?.client_secret.split('_secret_') ?? []
    await stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' })
    const paid = await stripe.subscriptions.retrieve(made.id)
    expect(paid.status).toBe('active')
    expect(paid.default_payment_method).toMatch(/^pm_/)
  })

  test('that nobody makes within 23 hours ends it as incomplete_expired, its invoice void', async () => {
    await using open = await openStripeAt('2026-01-05T00:00:00Z')
    const { stripe } = open
    const made = await subscribe(stripe, {}, 'pm_card_chargeCustomerFail')
    await open.pass(22.9 / 24)
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('incomplete')
    await open.pass(0.2 / 24)
    const expired = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(expired).toMatchObject({
      ended_at: made.created + 23 * 3600,
      latest_invoice: { status: 'void' },
      status: 'incomplete_expired',
    })
    expect(statuses(open)).toEqual(['created incomplete', 'updated incomplete_expired'])
  })

  test('that the card’s owner must confirm waits for that; refused, it needs another card', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const made = await subscribe(stripe, {}, 'pm_card_authenticationRequired')
    expect(made.status).toBe('incomplete')
    const [intent] = (await stripe.paymentIntents.list({ customer: made.customer as string })).data
    expect(intent).toMatchObject({
      next_action: { type: 'use_stripe_sdk' },
      status: 'requires_action',
    })
    await server.authenticate(intent?.id ?? '', false)
    const failed = await stripe.paymentIntents.retrieve(intent?.id ?? '')
    expect(failed).toMatchObject({
      last_payment_error: { code: 'payment_intent_authentication_failure' },
      status: 'requires_payment_method',
    })
    const second = await subscribe(stripe, {}, 'pm_card_authenticationRequired')
    const [waiting] = (await stripe.paymentIntents.list({ customer: second.customer as string }))
      .data
    await server.authenticate(waiting?.id ?? '')
    expect((await stripe.subscriptions.retrieve(second.id)).status).toBe('active')
    const types = server.events().map(({ type }) => type)
    expect(types).toContain('invoice.payment_action_required')
  })

  test('of nothing makes it active at once', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id: customer } = await stripe.customers.create()
    const price = await monthlyPrice(stripe, { unit_amount: 0 })
    const made = await subscribe(stripe, { customer, items: [{ price }] })
    expect(made.status).toBe('active')
    expect(statuses(open)).toEqual(['created active'])
  })
})
