import { describe, expect, test } from 'vitest'
import { backwards, deliverAll, forwards } from '../test/deliver-all.ts'
import { openSubscribed, reference } from '../test/subscribed.ts'

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
})
