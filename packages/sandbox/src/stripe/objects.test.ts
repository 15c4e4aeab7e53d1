import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'

import fixtures from '../../test/stripe/openapi-fixtures.json' with { type: 'json' }
import {
  monthlyPrice,
  openCheckout,
  openStripeAt,
  subscribe,
  type OpenStripeAtTime,
} from '../../test/stripe/fixture.ts'
import { KINDS, LEFT_OUT, problemsOf, V2_KINDS } from '../../test/stripe/object-check.ts'

/** Every object that has to do with one subscription and all that can come of it. */
async function everything(open: OpenStripeAtTime): Promise<unknown[]> {
  const { server, stripe } = open
  const meter = await stripe.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'API calls',
    event_name: 'api_calls',
  })
  const metered = await monthlyPrice(stripe, {
    recurring: { interval: 'month', meter: meter.id, usage_type: 'metered' },
    unit_amount: 3,
  })
  const coupon = await stripe.coupons.create({ duration: 'forever', percent_off: 10 })
  const code = await stripe.promotionCodes.create({
    code: 'SPRING',
    promotion: { coupon: coupon.id, type: 'coupon' },
  })
  const endpoint = await stripe.webhookEndpoints.create({
    enabled_events: ['*'],
    url: 'http://127.0.0.1:1/hook',
  })
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true })
  const session = await openCheckout(stripe, {
    customer_email: 'hana@example.com',
    discounts: [{ promotion_code: code.id }],
  })
  const lines = await stripe.checkout.sessions.listLineItems(session.id)
  const { customer: id, subscription } = await server.completeCheckout(session.id, {
    cardNumber: '4000 0000 0000 0259',
  })
  const customer = id ?? ''
  const usage = await stripe.billing.meterEvents.create({
    event_name: 'api_calls',
    payload: { stripe_customer_id: customer, value: '7' },
  })
  const summaries = await stripe.billing.meters.listEventSummaries(meter.id, {
    customer,
    end_time: open.now() + 3600,
    start_time: open.now() - 3600,
  })
  const classic = await subscribe(stripe, {
    customer,
    items: [{ price: metered }],
    default_payment_method: (await stripe.paymentMethods.attach('pm_card_visa', { customer })).id,
  })
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: classic.id })
  const shown = await stripe.subscriptions.retrieve(subscription ?? '', {
    expand: ['latest_invoice.payments', 'default_payment_method', 'discounts.source.coupon'],
  })
  const [charge] = (await stripe.charges.list({ customer, expand: ['data.balance_transaction'] }))
    .data
  const [dispute] = (await stripe.disputes.list({ charge: charge?.id ?? '' })).data
  await stripe.disputes.update(dispute?.id ?? '', {
    evidence: { uncategorized_text: 'winning_evidence' },
  })
  const paid = await stripe.paymentIntents.create({
    amount: 500,
    confirm: true,
    currency: 'jpy',
    customer,
    payment_method: 'pm_card_visa',
  })
  const refund = await stripe.refunds.create({ amount: 200, payment_intent: paid.id })
  const setup = await stripe.setupIntents.create({
    confirm: true,
    customer,
    payment_method: 'pm_card_visa',
  })
  const refused = await stripe.setupIntents.create({
    confirm: true,
    customer,
    payment_method: 'pm_card_authenticationRequired',
  })
  await server.authenticate(refused.id, false)
  await stripe.subscriptions.update(shown.id, {
    items: [{ id: shown.items.data[0]?.id ?? '', quantity: 3 }],
  })
  const extra = await stripe.invoiceItems.create({ amount: 100, currency: 'jpy', customer })
  const preview = await stripe.invoices.createPreview({ subscription: shown.id })
  const portal = await stripe.billingPortal.sessions.create({
    customer,
    flow_data: { subscription_cancel: { subscription: shown.id }, type: 'subscription_cancel' },
  })
  await stripe.billingPortal.configurations.create({
    features: { payment_method_update: { enabled: true } },
  })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: open.now() })
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: open.now() + 60 })
  await stripe.customers.search({ query: 'email:"hana@example.com"' })
  await open.pass(70)
  const lists: unknown[] = await Promise.all([
    stripe.balanceTransactions.list(),
    stripe.billing.meters.list(),
    stripe.billingPortal.configurations.list(),
    stripe.charges.list({ expand: ['data.refunds'] }),
    stripe.checkout.sessions.list({ expand: ['data.line_items'] }),
    stripe.coupons.list(),
    stripe.customers.list({ expand: ['data.subscriptions'] }),
    stripe.customers.search({ query: 'email~"hana"' }),
    stripe.disputes.list(),
    stripe.events.list({ limit: 100 }),
    stripe.invoiceItems.list(),
    stripe.invoicePayments.list(),
    stripe.invoices.list({ expand: ['data.customer', 'data.confirmation_secret'] }),
    stripe.invoices.search({ query: `customer:"${customer}"` }),
    stripe.paymentIntents.list(),
    stripe.paymentMethods.list({ customer }),
    stripe.prices.list({ expand: ['data.product'] }),
    stripe.products.list(),
    stripe.promotionCodes.list(),
    stripe.refunds.list(),
    stripe.setupIntents.list(),
    stripe.subscriptionItems.list({ subscription: shown.id }),
    stripe.subscriptionSchedules.list(),
    stripe.subscriptions.list({ expand: ['data.latest_invoice'], status: 'all' }),
    stripe.testHelpers.testClocks.list(),
    stripe.webhookEndpoints.list(),
  ])
  return [
    ...lists,
    lines,
    usage,
    summaries,
    schedule,
    shown,
    charge,
    refund,
    setup,
    extra,
    preview,
    portal,
    endpoint,
  ]
}

/** As it went over the wire: without what stripe-node adds. */
function onTheWire(reply: unknown): unknown {
  return JSON.parse(JSON.stringify(reply)) as unknown
}

/** The kinds of all objects in a reply, however deep. */
function kindsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(kindsIn)
  if (typeof value !== 'object' || value === null) return []
  const { object } = value as { object?: unknown }
  return [...(typeof object === 'string' ? [object] : []), ...Object.values(value).flatMap(kindsIn)]
}

// Sources: https://github.com/stripe/openapi (fixtures3.json), and the types of stripe-node 23.1.
test('every object has all the fields of Stripe’s fixture, of their types, and no other', async () => {
  await using open = await openStripeAt('2026-01-31T00:00:00Z')
  const replies = (await everything(open)).map(onTheWire)
  expect([...new Set(replies.flatMap((reply) => problemsOf(reply)))]).toEqual([])
  const seen = new Set(replies.flatMap(kindsIn))
  expect(Object.keys(KINDS).filter((kind) => !seen.has(kind))).toEqual([])
})

test('what was deleted is its id, its kind and that it was, and nothing else', async () => {
  await using open = await openStripeAt('2026-01-31T00:00:00Z')
  const { stripe } = open
  const { id: customer } = await stripe.customers.create()
  const invoice = await stripe.invoices.create({ customer })
  const item = await stripe.invoiceItems.create({ amount: 100, currency: 'jpy', customer })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: open.now() })
  const coupon = await stripe.coupons.create({ duration: 'forever', percent_off: 10 })
  const product = await stripe.products.create({ name: 'プラン' })
  const url = 'http://127.0.0.1:1/hook'
  const endpoint = await stripe.webhookEndpoints.create({ enabled_events: ['*'], url })
  const prices = [await monthlyPrice(stripe), await monthlyPrice(stripe)]
  const subscribed = await subscribe(stripe, { items: prices.map((price) => ({ price })) })
  const [first] = subscribed.items.data
  const deleted: unknown[] = [
    await stripe.invoices.del(invoice.id),
    await stripe.invoiceItems.del(item.id),
    await stripe.testHelpers.testClocks.del(clock.id),
    await stripe.coupons.del(coupon.id),
    await stripe.products.del(product.id),
    await stripe.webhookEndpoints.del(endpoint.id),
    await stripe.subscriptionItems.del(first?.id ?? ''),
    await stripe.customers.del(customer),
    await stripe.customers.retrieve(customer),
  ]
  const shown = deleted.map(onTheWire)
  expect(shown.flatMap((reply) => problemsOf(reply))).toEqual([])
  const kinds = 'coupon customer invoice invoiceitem product subscription_item'
  expect([...new Set(shown.flatMap(kindsIn))].toSorted()).toEqual(
    [...kinds.split(' '), 'test_helpers.test_clock', 'webhook_endpoint'].toSorted(),
  )
})

test('objects of the v2 API have the fields of Stripe’s types', async () => {
  await using open = await openStripeAt('2026-01-31T00:00:00Z')
  const { stripe } = open
  const { eventDestinations, events } = stripe.v2.core
  const made = await eventDestinations.create({
    enabled_events: ['*'],
    event_payload: 'thin',
    include: ['webhook_endpoint.url'],
    name: 'thin',
    type: 'webhook_endpoint',
    webhook_endpoint: { url: 'http://127.0.0.1:1/hook' },
  })
  await stripe.customers.create()
  const disabled = await eventDestinations.disable(made.id)
  const [event] = open.server.events()
  const shown = [made, disabled, await events.retrieve(event?.id ?? '')]
  const replies = shown.map(onTheWire)
  expect(replies.flatMap((reply) => problemsOf(reply))).toEqual([])
  const kinds = new Set(replies.flatMap(kindsIn))
  expect(Object.keys(V2_KINDS).filter((kind) => !kinds.has(kind))).toEqual([])
})

test('what is left out of the fixtures is what Stripe’s types of this version do not have, or only when expanded', () => {
  expect(LEFT_OUT).toEqual({
    charge: ['refunds'],
    invoice: ['subscription'],
    subscription_item: ['quantity'],
  })
  expect(Object.keys(fixtures.resources).toSorted()).toEqual(Object.keys(KINDS).toSorted())
})

test('the check finds a field too many, one too few, and one of another type', () => {
  const coupon: Partial<Stripe.Coupon> & { colour?: string } = {
    id: 'c',
    object: 'coupon',
    amount_off: null,
    created: 1,
    currency: null,
    duration: 'once',
    duration_in_months: null,
    livemode: false,
    max_redemptions: null,
    metadata: {},
    name: null,
    percent_off: 10,
    redeem_by: null,
    times_redeemed: 0,
    valid: true,
  }
  expect(problemsOf(coupon)).toEqual([])
  expect(problemsOf({ ...coupon, colour: 'red' })).toEqual([
    'coupon.colour: Stripe has no such field',
  ])
  expect(problemsOf({ ...coupon, duration: 'never' })).toHaveLength(1)
  expect(problemsOf({ ...coupon, created: '1' })).not.toEqual([])
  const { valid: _valid, ...without } = coupon
  expect(problemsOf(without)).toContain('coupon.valid: is missing')
})
