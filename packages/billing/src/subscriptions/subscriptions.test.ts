import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { openStage, type Stage } from '../../test/stage.ts'

const reference = 'office-1'

interface Subscribed extends AsyncDisposable {
  readonly stage: Stage<undefined>
  subscribe(): Promise<Stripe.Subscription>
}

/** A customer with a card, that may subscribe more than once. */
async function openSubscribed(): Promise<Subscribed> {
  const stage = await openStage()
  const { client: stripe } = stage.billing
  const email = 'hanako@example.jp'
  const { customerId: customer } = await stage.billing.ensureCustomer({ reference, email })
  const { id: price } = await stripe.prices.create({
    currency: 'jpy',
    product_data: { name: '支援プラン' },
    recurring: { interval: 'month' },
    unit_amount: 1_980,
  })
  const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
  return {
    stage,
    subscribe: () => stripe.subscriptions.create({ customer, items: [{ price }] }),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

test('the one that has not ended is found, though a newer one has', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const live = await open.subscribe()
  const newer = await open.subscribe()
  await billing.client.subscriptions.cancel(newer.id)
  expect(await billing.getSubscription(reference)).toMatchObject({ id: live.id, status: 'active' })
})

test('when all have ended the newest is found', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  for (const { id } of [await open.subscribe(), await open.subscribe()]) {
    await billing.client.subscriptions.cancel(id)
  }
  const [, newest] = open.stage.server.subscriptions()
  expect(await billing.getSubscription(reference)).toMatchObject({ id: newest?.id })
})

test('one that has ended is left as it is', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  await open.subscribe()
  await billing.cancelSubscription(reference, { at: 'now' })
  const ended = await billing.cancelSubscription(reference)
  expect(ended).toMatchObject({ status: 'canceled', cancelAtPeriodEnd: false })
  expect(server.requests().at(-1)).toMatchObject({ method: 'GET' })
})

test('a lost answer to the end of one does not fail the call', async () => {
  await using open = await openSubscribed()
  const { billing, proxy } = open.stage
  await open.subscribe()
  proxy.set({ dropReply: { when: 'DELETE /v1/subscriptions', times: 1 } })
  const ended = await billing.cancelSubscription(reference, { at: 'now' })
  expect(ended.status).toBe('canceled')
})
