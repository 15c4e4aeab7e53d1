import { describe, expect, test } from 'vitest'
import { backwards, deliverAll } from '../../test/deliver-all.ts'
import { failureOf } from '../../test/failure-of.ts'
import { makePrice } from '../../test/price.ts'
import { openSubscribed, reference } from '../../test/subscribed.ts'
import type { Billing } from '../billing.ts'

/** A price of ten yen for each page that is used. */
async function makeMetered({ client: stripe }: Billing<undefined>): Promise<string> {
  const { id: meter } = await stripe.billing.meters.create({
    display_name: 'pages',
    event_name: 'pages',
    default_aggregation: { formula: 'sum' },
  })
  const { id } = await stripe.prices.create({
    currency: 'jpy',
    product_data: { name: '従量' },
    recurring: { interval: 'month', usage_type: 'metered', meter },
    unit_amount: 10,
  })
  return id
}

/** What others' packages got wrong of plans, quantities, trials and renewals, as their users have reported it. */
describe('reported of others, and not so here:', () => {
  // https://github.com/laravel/cashier-stripe/issues/990
  test('another price keeps the quantity, and is previewed so', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    await open.subscribe({ items: [{ price: open.price, quantity: 55 }] })
    const { id: price } = await makePrice(billing, 4_980)
    const change = { price, proration: 'always_invoice' } as const
    const { amountDue } = await billing.previewPlan(reference, change)
    expect(amountDue).toBe(55 * (4_980 - 1_980))
    await billing.changePlan(reference, change)
    expect(server.subscriptions()[0]?.items.data).toMatchObject([
      { price: { id: price }, quantity: 55 },
    ])
  })

  // https://github.com/laravel/cashier-stripe/issues/224
  test('one that is taken up again keeps its quantity', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await open.subscribe({ items: [{ price: open.price, quantity: 3 }] })
    await billing.cancel(reference)
    await billing.resume(reference)
    const { subscription } = await billing.status(reference)
    expect(subscription?.items).toMatchObject([{ quantity: 3 }])
  })

  // https://github.com/laravel/cashier-stripe/issues/1326
  test('a metered price may take the place of another, and has no quantity', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const metered = await makeMetered(billing)
    await open.subscribe()
    await billing.changePlan(reference, { price: metered })
    const { subscription } = await billing.status(reference)
    expect(subscription?.items).toMatchObject([{ priceId: metered, quantity: undefined }])
    await billing.changePlan(reference, { price: open.price })
    expect((await billing.status(reference)).subscription?.items).toMatchObject([
      { priceId: open.price },
    ])
  })

  // https://github.com/better-auth/better-auth/issues/8920, https://github.com/pay-rails/pay/issues/193
  test('a price that is billed by usage can be subscribed to, and takes the place of several seats', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const price = await makeMetered(billing)
    const input = { price, quantity: 'metered', successUrl: 'https://app.example.jp/' } as const
    const { sessionId } = await billing.checkout(reference, input)
    expect((await billing.checkout(reference, input)).sessionId).toBe(sessionId)
    await server.completeCheckout(sessionId)
    const { subscription } = await billing.sync({ sessionId, reference })
    expect(subscription?.items).toMatchObject([{ priceId: price, quantity: undefined }])
    await billing.usage(reference, { meter: 'pages', value: 0.1 + 0.2, id: 'one' })
    await billing.changePlan(reference, { price: open.price, quantity: 3 })
    const change = { price, quantity: 'metered' } as const
    await billing.previewPlan(reference, change)
    const changed = await billing.changePlan(reference, change)
    expect(changed.native.items.data[0]).toMatchObject({ price: { id: price } })
    expect(changed.native.items.data[0]).not.toHaveProperty('quantity')
    const sent = server.requests().length
    await billing.changePlan(reference, change)
    expect(
      server
        .requests()
        .slice(sent)
        .map(({ method }) => method),
    ).not.toContain('POST')
  })

  // https://github.com/civitai/civitai/pull/4945
  test('a price in another currency is refused before anything is changed or opened', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const { client: stripe } = billing
    await open.subscribe()
    const { id: price } = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Plan' },
      recurring: { interval: 'month' },
      unit_amount: 1_980,
    })
    const refused = { code: 'invalid_request', outcome: 'none', retryable: false }
    expect(await failureOf(billing.previewPlan(reference, { price }))).toMatchObject(refused)
    expect(await failureOf(billing.changePlan(reference, { price }))).toMatchObject(refused)
    await billing.cancel(reference, { at: 'now' })
    const input = { price, successUrl: 'https://app.example.jp/' }
    expect(await failureOf(billing.checkout(reference, input))).toMatchObject(refused)
    expect(server.checkoutSessions()).toEqual([])
    const page = await billing.checkout(reference, { ...input, price: open.price })
    expect(page.kind).toBe('page')
  })

  // https://github.com/laravel/cashier-stripe/issues/1817
  test('a dearer plan whose payment fails opens nothing until it is paid', async () => {
    await using open = await openSubscribed({
      prices: { basic: { features: ['plans'] }, dear: { features: ['plans', 'calendar'] } },
    })
    const { billing } = open.stage
    const { client: stripe } = billing
    const make = async (lookup_key: string, unit_amount: number): Promise<string> => {
      const recurring = { interval: 'month' } as const
      const product_data = { name: lookup_key }
      const price = { currency: 'jpy', lookup_key, product_data, recurring, unit_amount }
      return (await stripe.prices.create(price)).id
    }
    const [basic, dear] = [await make('basic', 1_000), await make('dear', 9_000)]
    await open.subscribe({ items: [{ price: basic }] })
    const { customer } = open
    const { id: card } = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer,
    })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
    const change = { price: dear, proration: 'always_invoice' } as const
    await billing.changePlan(reference, change).catch(() => undefined)
    const failed = await billing.sync(reference)
    expect([failed.status, failed.canUse('calendar')]).toEqual(['past_due', false])
    const { id: good } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: good } })
    await billing.retryPayment(reference)
    const paid = await billing.status(reference)
    expect([paid.status, paid.canUse('calendar')]).toEqual(['active', true])
  })

  // https://github.com/pay-rails/pay/issues/601
  test('one that is ended at once in its trial is closed, whatever its trial said', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await open.subscribe({ trial_period_days: 14 })
    expect((await billing.sync(reference)).canUse()).toBe(true)
    await billing.client.subscriptions.cancel(
      (await billing.status(reference)).subscription?.id ?? '',
    )
    await deliverAll(open, backwards)
    const { status, canUse } = await billing.status(reference)
    expect([status, canUse()]).toEqual(['canceled', false])
  })

  // https://github.com/laravel/cashier-stripe/issues/1824, https://github.com/payolapayments/payola/issues/341
  test('a trial that was ended at once is over here too, and a planned end can be taken back then', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { id } = await open.subscribe({ trial_period_days: 14 })
    await deliverAll(open)
    await billing.client.subscriptions.update(id, { trial_end: 'now' })
    await deliverAll(open, backwards)
    const { status, next } = await billing.status(reference)
    expect([status, next?.what]).toEqual(['active', 'renewal'])
    await billing.cancel(reference)
    await billing.resume(reference)
    expect((await billing.status(reference)).status).toBe('active')
  })

  // https://github.com/better-auth/better-auth/issues/7239
  test('the success page and the webhooks at once make one row', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const input = { price: open.price, successUrl: 'https://app.example.jp/' }
    const { sessionId } = await billing.checkout(reference, input)
    await server.completeCheckout(sessionId)
    await Promise.all([
      ...open.events().map((event) => open.deliver(event)),
      ...[1, 2, 3].map(() => billing.sync({ sessionId, reference })),
    ])
    const { status, subscriptions } = await billing.status(reference)
    expect([status, subscriptions.length]).toEqual(['active', 1])
  })

  // https://github.com/dj-stripe/dj-stripe/issues/1010
  test('a renewal that no webhook has told of is found', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openSubscribed({ now: () => now })
    const { billing, server } = open.stage
    await open.subscribe()
    await billing.sync(reference)
    now += 33 * 86_400_000
    await server.settle()
    expect((await billing.reconcile()).drift).toMatchObject([{ kind: 'changed' }])
    const { status, next } = await billing.status(reference)
    expect([status, next?.what]).toEqual(['active', 'renewal'])
    expect(next?.at.getTime()).toBeGreaterThan(now)
  })
})
