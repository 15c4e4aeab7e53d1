import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscribed.ts'

/** A thin event of the v2 API. */
const thin = (id: string, related: object | null, context: string | null = null): object => ({
  id,
  object: 'v2.core.event',
  type: 'v1.x.y',
  livemode: false,
  context,
  created: new Date().toISOString(),
  related_object: related,
})

test('a thin event about what belongs to a subscription leads to it', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  const { url } = await billing.client.billingPortal.sessions.create({ customer: open.customer })
  expect(url).toBeTruthy()
  const page = await billing.checkout(reference, {
    price: open.price,
    successUrl: 'https://example.jp/',
  })
  await server.completeCheckout(page.sessionId)
  const [subscription] = server.subscriptions()
  const id = subscription?.id ?? ''
  const schedule = await billing.client.subscriptionSchedules.create({ from_subscription: id })
  const [invoice] = server.invoices()
  const subjects = [
    { id: page.sessionId, type: 'checkout.session' },
    { id: invoice?.id, type: 'invoice' },
    { id: schedule.id, type: 'subscription_schedule' },
    { id, type: 'subscription' },
  ]
  const asked = (): number => server.requestCount('GET', `/v1/subscriptions/${id}`)
  for (const [at, subject] of subjects.entries()) {
    const before = asked()
    expect((await open.deliver(thin(`evt_${at}`, subject))).status).toBe(200)
    expect(asked()).toBe(before + 1)
  }
  expect((await billing.status(reference)).status).toBe('active')
})

test('a thin event about nothing of ours, or of an account of Connect, is marked and asks for nothing', async () => {
  await using open = await openSubscribed()
  const { id } = await open.subscribe()
  const sent = open.stage.server.requests().length
  const subject = { id, type: 'subscription' }
  const events = [
    thin('evt_1', null),
    thin('evt_2', { id: open.customer, type: 'customer' }),
    thin('evt_3', subject, 'acct_1'),
  ]
  for (const event of events) {
    expect(await (await open.deliver(event)).text()).toBe('received')
    expect(await (await open.deliver(event)).text()).toBe('received before')
  }
  expect(open.stage.server.requests()).toHaveLength(sent)
})

test('a thin event about what Stripe has no more is marked', async () => {
  await using open = await openSubscribed()
  const event = thin('evt_1', { id: 'in_gone', type: 'invoice' })
  expect(await (await open.deliver(event)).text()).toBe('received')
})

test('thin events of the sandbox’s own destination are received', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  const { id } = await open.subscribe()
  const { data } = await billing.client.v2.core.events.list({ object_id: id })
  expect(data.length).toBeGreaterThan(0)
  for (const event of data) expect((await open.deliver(event)).status).toBe(200)
  expect((await billing.status(reference)).status).toBe('active')
  expect(server.subscriptions()).toHaveLength(1)
})
