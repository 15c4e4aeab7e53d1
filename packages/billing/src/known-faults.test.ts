import { describe, expect, test } from 'vitest'
import { makePrice } from '../test/price.ts'
import { openSubscribed, reference, type Subscribed } from '../test/subscribed.ts'

/** All that Stripe has to say, in this order, each with status 200. */
async function deliverAll(
  open: Subscribed,
  order: (events: readonly object[]) => readonly object[] = (events) => events,
): Promise<void> {
  for (const event of order(open.events())) {
    expect((await open.deliver(event)).status).toBe(200)
  }
}

const forwards = (events: readonly object[]): readonly object[] => events
const backwards = (events: readonly object[]): readonly object[] => events.toReversed()

/** What others' packages for subscriptions got wrong, as their users have reported it. */
describe('reported of others, and not so here:', () => {
  // https://github.com/pay-rails/pay/issues/1201, https://github.com/pay-rails/pay/issues/818
  test.each([
    ['forwards', forwards],
    ['backwards', backwards],
  ] as const)('a customer that was deleted in the dashboard, with events %s', async (_, order) => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await open.subscribe()
    await deliverAll(open)
    const { id: stranger } = await billing.client.customers.create()
    for (const id of [open.customer, stranger]) await billing.client.customers.del(id)
    await deliverAll(open, order)
    const { status, canUse } = await billing.status(reference)
    expect([status, canUse()]).toEqual(['canceled', false])
  })

  // https://github.com/pay-rails/pay/issues/350, https://github.com/dj-stripe/dj-stripe/issues/139
  test('one that was to end with its period and is then ended at once does not go on until then', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { id } = await open.subscribe()
    await billing.client.subscriptions.update(id, { cancel_at_period_end: true })
    await deliverAll(open)
    expect((await billing.status(reference)).status).toBe('canceling')
    await billing.client.subscriptions.cancel(id)
    await deliverAll(open, backwards)
    const { status, endsAt } = await billing.status(reference)
    expect(status).toBe('canceled')
    expect(endsAt?.getTime()).toBeLessThanOrEqual(Date.now() + 1_000)
  })

  // https://github.com/better-auth/better-auth/issues/7099, https://github.com/better-auth/better-auth/issues/9130
  test.each([undefined, 'if_required'] as const)(
    'a checkout whose events come all at once makes one row (payment_method_collection: %s)',
    async (collection) => {
      await using open = await openSubscribed({ trial: { days: 30 } })
      const { billing, server } = open.stage
      const native = collection && { payment_method_collection: collection }
      const input = { price: open.price, successUrl: 'https://app.example.jp/', native }
      const { sessionId } = await billing.checkout(reference, input)
      await server.completeCheckout(sessionId)
      const events = open.events()
      const answers = await Promise.all([...events, ...events].map((event) => open.deliver(event)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect((await billing.status(reference)).subscriptions).toHaveLength(1)
    },
  )

  // https://github.com/pay-rails/pay/issues/991
  test('one whose invoices are paused is resumed at Stripe too', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const { id } = await open.subscribe()
    await billing.client.subscriptions.update(id, { pause_collection: { behavior: 'void' } })
    expect((await billing.sync(reference)).status).toBe('paused')
    await billing.resume(reference)
    expect((await billing.status(reference)).status).toBe('active')
    expect(server.subscriptions()[0]?.pause_collection).toBeNull()
  })

  // https://github.com/laravel/cashier-stripe/issues/462
  test('a trial that was cancelled and taken up again ends when it was to end, and is not charged now', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const { trial_end: end } = await open.subscribe({ trial_period_days: 14 })
    await billing.cancel(reference)
    await billing.resume(reference)
    const { status, next } = await billing.status(reference)
    expect([status, next?.what, next?.at.getTime()]).toEqual([
      'trialing',
      'first_payment',
      (end ?? 0) * 1_000,
    ])
    expect(server.invoices().reduce((sum, one) => sum + one.amount_paid, 0)).toBe(0)
  })

  // https://github.com/laravel/cashier-stripe/issues/1862
  test('a change of one that is to end can be previewed, as far as there is an invoice to come', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { items } = await open.subscribe()
    const { id: price } = items.data[0]!.price
    const change = { price, quantity: 2 }
    await billing.cancel(reference, { at: new Date(Date.now() + 45 * 86_400_000) })
    expect((await billing.previewPlan(reference, change)).amountDue).toBeGreaterThan(1_980)
    await billing.cancel(reference)
    const now = { ...change, proration: 'always_invoice' } as const
    expect((await billing.previewPlan(reference, now)).amountDue).toBeGreaterThan(0)
  })

  // https://github.com/dj-stripe/dj-stripe/pull/2020
  test('an item that was removed is gone, though invoices still name it', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { id, items } = await open.subscribe()
    const { id: price } = await billing.client.prices.create({
      currency: 'jpy',
      product_data: { name: '別のプラン' },
      recurring: { interval: 'month' },
      unit_amount: 500,
    })
    await billing.client.subscriptionItems.create({ subscription: id, price })
    await deliverAll(open)
    await billing.client.subscriptionItems.del(items.data[0]!.id)
    await deliverAll(open, backwards)
    const { subscription } = await billing.status(reference)
    expect(subscription?.items.map(({ priceId }) => priceId)).toEqual([price])
  })

  // https://github.com/better-auth/better-auth/issues/3560
  test('another plan for one that is subscribed leaves one subscription at Stripe', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    await open.subscribe()
    const { id: price } = await billing.client.prices.create({
      currency: 'jpy',
      product_data: { name: '上のプラン' },
      recurring: { interval: 'month' },
      unit_amount: 4_980,
    })
    const input = { price, successUrl: 'https://app.example.jp/' }
    await billing.checkout(reference, { ...input, whenSubscribed: 'change' })
    expect(server.subscriptions()).toHaveLength(1)
    expect((await billing.status(reference)).subscription?.items[0]?.priceId).toBe(price)
  })

  // https://github.com/dj-stripe/dj-stripe/issues/1674
  test('one that was ended in the dashboard without a webhook is found by sync and by reconcile', async () => {
    for (const how of ['sync', 'reconcile'] as const) {
      await using open = await openSubscribed()
      const { billing } = open.stage
      const { id } = await open.subscribe()
      await billing.sync(reference)
      await billing.client.subscriptions.cancel(id)
      await (how === 'sync' ? billing.sync(reference) : billing.reconcile())
      expect((await billing.status(reference)).status).toBe('canceled')
    }
  })

  test('metadata that was taken away in the dashboard changes no owner, and a change keeps the app’s own', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const { id, items } = await open.subscribe({ metadata: { own: 'kept' } })
    await billing.client.customers.update(open.customer, { metadata: { yuzuru_reference: '' } })
    await deliverAll(open)
    const { id: price } = items.data[0]!.price
    await billing.changePlan(reference, { price, quantity: 3 })
    expect(server.subscriptions().find((one) => one.id === id)?.metadata).toEqual({ own: 'kept' })
    expect((await billing.status(reference)).subscription?.items[0]?.quantity).toBe(3)
  })

  // https://github.com/laravel/cashier-stripe/issues/1454
  test('a renewal that the card’s owner must confirm leads to the page for that, and is open in the days of grace', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openSubscribed({ now: () => now, graceDays: 5 })
    const { billing, server } = open.stage
    const { id } = await open.subscribe()
    const card = 'pm_card_authenticationRequired'
    const { id: asking } = await billing.client.paymentMethods.attach(card, {
      customer: open.customer,
    })
    await billing.client.subscriptions.update(id, { default_payment_method: asking })
    now += 32 * 86_400_000
    await server.settle()
    await deliverAll(open, backwards)
    const { status, canUse, next } = await billing.status(reference)
    expect([status, canUse(), next?.what]).toEqual(['past_due', true, 'grace_ends'])
    expect((await billing.retryPayment(reference)).confirmUrl).toMatch(/^http/)
  })

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
    const { client: stripe } = billing
    const { id: meter } = await stripe.billing.meters.create({
      display_name: 'pages',
      event_name: 'pages',
      default_aggregation: { formula: 'sum' },
    })
    const metered = await stripe.prices.create({
      currency: 'jpy',
      product_data: { name: '従量' },
      recurring: { interval: 'month', usage_type: 'metered', meter },
      unit_amount: 10,
    })
    await open.subscribe()
    await billing.changePlan(reference, { price: metered.id })
    const { subscription } = await billing.status(reference)
    expect(subscription?.items).toMatchObject([{ priceId: metered.id, quantity: undefined }])
    await billing.changePlan(reference, { price: open.price })
    expect((await billing.status(reference)).subscription?.items).toMatchObject([
      { priceId: open.price },
    ])
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
