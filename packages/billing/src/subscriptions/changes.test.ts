import { describe, expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference } from '../../test/subscriber.ts'
import { subscriptionNow } from '../../test/subscription-now.ts'

const DAY = 86_400_000

describe('a plan', () => {
  test('is changed for what was previewed, at the date of the preview', async () => {
    let now = Math.floor(Date.now() / 1_000) * 1_000
    await using open = await openSubscribed({ now: () => now })
    const { billing, server, store } = open.stage
    const { id } = await open.subscribe()
    now += 10 * DAY
    const change = { price: open.otherPrice, proration: 'always_invoice' } as const
    const preview = await billing.previewPlan(reference, change)
    expect(preview).toMatchObject({ currency: 'jpy', prorationDate: new Date(now) })
    expect(await subscriptionNow(billing, reference)).toMatchObject({ priceId: open.price })
    now += 3_600_000
    const { prorationDate } = preview
    const changed = await billing.changePlan(reference, { ...change, prorationDate })
    expect(changed).toMatchObject({ id, priceId: open.otherPrice })
    const invoices = server.invoices().filter(({ status }) => status === 'paid')
    expect(invoices.at(-1)).toMatchObject({ amount_due: preview.amountDue })
    expect(preview.amountDue).toBeGreaterThan(0)
    expect(await store.findSubscription(id)).toMatchObject({
      items: [{ priceId: open.otherPrice }],
    })
  })

  test('that begins a new period with it is previewed so too', async () => {
    let now = Math.floor(Date.now() / 1_000) * 1_000
    await using open = await openSubscribed({ now: () => now })
    const { billing, server } = open.stage
    await open.subscribe()
    now += 10 * DAY
    const native = { billing_cycle_anchor: { type: 'now' } } as const
    const change = { price: open.otherPrice, native }
    const { amountDue, prorationDate } = await billing.previewPlan(reference, change)
    await billing.changePlan(reference, { ...change, prorationDate })
    const paid = server.invoices().filter(({ status }) => status === 'paid')
    expect(paid.at(-1)).toMatchObject({ amount_due: amountDue })
  })

  test('is previewed with a discount and the end of a trial, which native gives it', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    const { client: stripe } = billing
    await open.subscribe({ trial_period_days: 14 })
    const { id: coupon } = await stripe.coupons.create({ percent_off: 50, duration: 'once' })
    const native = { discounts: [{ coupon }], trial_end: 'now' as const }
    const change = { price: open.otherPrice, native }
    const { amountDue } = await billing.previewPlan(reference, change)
    expect(amountDue).toBe(4_980 / 2)
    await billing.changePlan(reference, change)
    expect(server.invoices().at(-1)).toMatchObject({ amount_due: amountDue, status: 'paid' })
  })

  test('that is so already is left as it is, and nothing is sent', async () => {
    await using open = await openSubscribed()
    const { billing, server } = open.stage
    await open.subscribe({ items: [{ price: open.price, quantity: 3 }] })
    const sent = server.requests().filter(({ method }) => method === 'POST').length
    await billing.changePlan(reference, { price: open.price })
    await billing.changePlan(reference, { price: open.price, quantity: 3 })
    await billing.setQuantity(reference, 3)
    expect(server.requests().filter(({ method }) => method === 'POST')).toHaveLength(sent)
    expect((await billing.setQuantity(reference, 4)).native.items.data[0]?.quantity).toBe(4)
  })

  test('of several prices is changed only where native says which', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const { items } = await open.subscribe({
      items: [{ price: open.price }, { price: open.otherPrice }],
    })
    expect(await failureOf(billing.setQuantity(reference, 2))).toMatchObject({
      code: 'unsupported',
      outcome: 'none',
    })
    const [first] = items.data
    const native = { items: [{ id: first?.id ?? '', quantity: 5 }] }
    const changed = await billing.changePlan(reference, { price: open.price, native })
    expect(changed.native.items.data.map(({ quantity }) => quantity)).toEqual([5, 1])
  })

  test('whose payment is refused says so, and the old one stays where that is asked', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await open.subscribe()
    await open.useCard('pm_card_chargeCustomerFail')
    const refused = billing.changePlan(reference, {
      price: open.otherPrice,
      proration: 'always_invoice',
      native: { payment_behavior: 'error_if_incomplete' },
    })
    expect(await failureOf(refused)).toMatchObject({ code: 'card_declined', outcome: 'none' })
    expect(await subscriptionNow(billing, reference)).toMatchObject({ priceId: open.price })
  })
})

describe('an end', () => {
  test.each(['period-end', 'a date'] as const)(
    'that is planned (%s) is taken back by resume, and both are written down',
    async (when) => {
      await using open = await openSubscribed()
      const { billing, store } = open.stage
      const { id, items } = await open.subscribe()
      const date = new Date(((items.data[0]?.current_period_end ?? 0) - 86_400) * 1_000)
      const at = when === 'a date' ? date : when
      const ending = await billing.cancel(reference, { at })
      expect(ending.cancelAtPeriodEnd).toBe(when === 'period-end')
      expect(await store.findSubscription(id)).toMatchObject({ endsAt: ending.endsAt?.getTime() })
      expect(await billing.cancel(reference, { at })).toMatchObject({ endsAt: ending.endsAt })
      await billing.resume(reference)
      const kept = await billing.resume(reference)
      expect(kept).toMatchObject({ endsAt: undefined, cancelAtPeriodEnd: false })
      expect(await store.findSubscription(id)).toMatchObject({ endsAt: undefined })
    },
  )

  test('at once is written down', async () => {
    await using open = await openSubscribed()
    const { billing, store } = open.stage
    const { id } = await open.subscribe()
    await billing.cancel(reference, { at: 'now' })
    expect(await store.findSubscription(id)).toMatchObject({ status: 'canceled', reference })
  })
})

describe('a subscription goes on by resume', () => {
  test('when its invoices were voided for the time being', async () => {
    await using open = await openSubscribed()
    const { billing, store } = open.stage
    const { id } = await open.subscribe()
    const { client: stripe } = billing
    await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } })
    await billing.sync(reference)
    expect(await store.findSubscription(id)).toMatchObject({ paused: true })
    const { native } = await billing.resume(reference)
    expect(native.pause_collection).toBeNull()
    expect(await store.findSubscription(id)).toMatchObject({ paused: false })
  })

  test('when its trial ended without a card', async () => {
    let now = Date.now()
    await using open = await openSubscribed({ now: () => now })
    const { billing, server } = open.stage
    const customer = (
      await billing.ensureCustomer({ reference: 'office-2', email: 'b@example.jp' })
    ).customerId
    await open.subscribe({
      customer,
      trial_period_days: 3,
      trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    })
    now += 4 * DAY
    await server.settle()
    expect(await subscriptionNow(billing, 'office-2')).toMatchObject({ status: 'paused' })
    const { client: stripe } = billing
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
    expect(await billing.resume('office-2')).toMatchObject({ status: 'active' })
  })
})

test('an answer that a fetch drawn later has overtaken is asked for once more', async () => {
  await using open = await openSubscribed()
  const { billing, server, store } = open.stage
  const { id } = await open.subscribe()
  const draw = store.drawFetch.bind(store)
  let draws = 0
  store.drawFetch = async (event) => {
    const drawn = await draw(event)
    draws += 1
    // The first is that of the look, the second that of the change.
    if (draws === 2) {
      store.drawFetch = draw
      await open.stage.another().sync(reference)
    }
    return drawn
  }
  await billing.changePlan(reference, { price: open.otherPrice })
  expect(await store.findSubscription(id)).toMatchObject({ items: [{ priceId: open.otherPrice }] })
  expect(server.requests().at(-1)).toMatchObject({ method: 'GET' })
})

test('an answer is not replaced by what a fetch drawn later has read before the change', async () => {
  await using open = await openSubscribed()
  const { billing, store } = open.stage
  const { id } = await open.subscribe()
  const [drawFetch, writeFetch] = [store.drawFetch.bind(store), store.writeFetch.bind(store)]
  const drawn = Promise.withResolvers<void>()
  const isRead = Promise.withResolvers<void>()
  const isChanged = Promise.withResolvers<void>()
  let draws = 0
  store.drawFetch = async (event) => {
    const number = await drawFetch(event)
    draws += 1
    // The first is that of the look, the second that of the change.
    if (draws === 2) {
      drawn.resolve()
      await isRead.promise
    }
    return number
  }
  const change = billing.changePlan(reference, { price: open.otherPrice })
  await drawn.promise
  store.drawFetch = drawFetch
  store.writeFetch = async (...write) => {
    store.writeFetch = writeFetch
    isRead.resolve()
    await isChanged.promise
    return await writeFetch(...write)
  }
  const overtaken = open.stage.another().sync(reference)
  await change
  isChanged.resolve()
  await overtaken
  expect(await store.findSubscription(id)).toMatchObject({ items: [{ priceId: open.otherPrice }] })
})
