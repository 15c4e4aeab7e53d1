import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscriber.ts'
import { subscriptionNow } from '../../test/subscription-now.ts'
import { readSubscription } from './billing-subscription.ts'

test('the one that has not ended is found, though a newer one has', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const live = await open.subscribe()
  const newer = await open.subscribe()
  await billing.client.subscriptions.cancel(newer.id)
  expect(await subscriptionNow(billing, reference)).toMatchObject({ id: live.id, status: 'active' })
})

test('the one that is paid for is found, though a newer one waits for its first payment', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const paid = await open.subscribe()
  const waiting = await open.subscribe({ payment_behavior: 'default_incomplete' })
  expect(waiting.status).toBe('incomplete')
  expect(await subscriptionNow(billing, reference)).toMatchObject({ id: paid.id, status: 'active' })
})

test('an end that was planned in the portal is seen, and so is that it was taken back', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const { id } = await open.subscribe()
  const found = await subscriptionNow(billing, reference)
  expect(found?.endsAt).toBeUndefined()
  const { customerId } = await billing.ensureCustomer({ reference, email: 'hanako@example.jp' })
  const portal = await billing.client.billingPortal.sessions.create({ customer: customerId })
  const press = (action: string): Promise<Response> =>
    fetch(portal.url, {
      body: new URLSearchParams({ action, subscription: id }),
      method: 'POST',
      redirect: 'manual',
    })
  await press('cancel')
  const ending = await subscriptionNow(billing, reference)
  expect(open.stage.server.subscriptions()).toMatchObject([{ cancel_at_period_end: false }])
  expect(ending?.endsAt).toBe(found?.periodEndsAt)
  await press('resume')
  expect((await subscriptionNow(billing, reference))?.endsAt).toBeUndefined()
})

test('a subscription of an older version is read with its own period', async () => {
  await using open = await openSubscribed()
  const { client: stripe } = open.stage.billing
  const { id, items } = await open.subscribe()
  const older = await stripe.subscriptions.retrieve(id, {}, { apiVersion: '2025-02-24.acacia' })
  expect(older.items.data[0]).not.toHaveProperty('current_period_end')
  const seconds = items.data[0]?.current_period_end ?? 0
  expect(readSubscription(older).currentPeriodEndsAt).toEqual(new Date(seconds * 1_000))
})

test('when all have ended a cancel finds the newest', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  for (const { id } of [await open.subscribe(), await open.subscribe()]) {
    await billing.client.subscriptions.cancel(id)
  }
  const [, newest] = open.stage.server.subscriptions()
  expect(await billing.cancel(reference)).toMatchObject({ id: newest?.id })
})

test('one that has ended is left as it is', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  await open.subscribe()
  await billing.cancel(reference, { at: 'now' })
  const ended = await billing.cancel(reference)
  expect(ended).toMatchObject({ status: 'canceled', cancelAtPeriodEnd: false })
  expect(server.requests().at(-1)).toMatchObject({ method: 'GET' })
})

test('a lost answer to the end of one does not fail the call', async () => {
  await using open = await openSubscribed()
  const { billing, proxy } = open.stage
  await open.subscribe()
  proxy.set({ dropReply: { when: 'DELETE /v1/subscriptions', times: 1 } })
  const ended = await billing.cancel(reference, { at: 'now' })
  expect(ended.status).toBe('canceled')
})
