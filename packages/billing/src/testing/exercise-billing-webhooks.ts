import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type BillingFixture, type Check, checkoutInput } from './billing-fixture.ts'
import { signWebhook } from './sign-webhook.ts'

const newEventId = (): string => `evt_${randomUUID().replaceAll('-', '')}`

/** An event about an object, of which it need not say more than its id. */
function eventOf(object: object): { readonly id: string } {
  const created = Math.floor(Date.now() / 1_000)
  const type = 'customer.subscription.updated'
  return Object.assign({ id: newEventId() }, { object: 'event', type, created, data: { object } })
}

/** A thin event of the v2 API. */
function thinEventOf(related: { id: string; type: string }): object {
  return {
    id: newEventId(),
    object: 'v2.core.event',
    type: 'v1.x.y',
    livemode: false,
    context: null,
    created: new Date().toISOString(),
    related_object: related,
  }
}

/** Delivers an event as Stripe does. @returns the answer's status */
async function deliver(
  { billing, webhookSecret }: BillingFixture,
  event: object,
  change = '',
): Promise<number> {
  const { body, signature } = signWebhook(JSON.stringify(event), webhookSecret)
  const request = new Request('https://app.example.jp/webhooks/stripe', {
    method: 'POST',
    body: body + change,
    headers: { 'stripe-signature': signature },
  })
  return (await billing.webhook(request)).status
}

/** A checkout that was paid, of which no webhook has come. @returns the subscription */
export async function subscribed(
  fixture: BillingFixture,
  reference: string,
): Promise<{ readonly id: string; readonly object: 'subscription' }> {
  const { billing } = fixture
  const { sessionId } = await billing.checkout(reference, checkoutInput(fixture))
  await fixture.completeCheckout(sessionId)
  const { subscription } = await billing.client.checkout.sessions.retrieve(sessionId)
  const id = typeof subscription === 'string' ? subscription : subscription?.id
  return { id: id ?? '', object: 'subscription' }
}

/** Counts what is announced of a name. */
function count(fixture: BillingFixture, name: 'event' | 'activated' | 'ended'): () => number {
  let times = 0
  fixture.billing.on(name, () => {
    times += 1
  })
  return () => times
}

/** What arrives from Stripe. */
export const WEBHOOK_CASES: Readonly<Record<string, Check>> = {
  'a webhook is handled once, however often it comes': async (fixture, reference) => {
    const event = eventOf(await subscribed(fixture, reference))
    const [events, activated] = [count(fixture, 'event'), count(fixture, 'activated')]
    const atOnce = [1, 2, 3, 4].map(() => deliver(fixture, event))
    assert.deepEqual(await Promise.all(atOnce), [200, 200, 200, 200])
    assert.equal(await deliver(fixture, event), 200)
    assert.deepEqual([events(), activated()], [1, 1])
    const { status, subscriptions } = await fixture.billing.status(reference)
    assert.equal(status, 'early_payment')
    assert.equal(subscriptions.length, 1)
  },
  'a webhook whose handler failed is handled when it comes again': async (fixture, reference) => {
    const event = eventOf(await subscribed(fixture, reference))
    const off = fixture.billing.on('activated', () => {
      throw new RangeError('not yet')
    })
    assert.equal(await deliver(fixture, event), 500)
    assert.deepEqual((await fixture.billing.status(reference)).subscriptions, [])
    off()
    const activated = count(fixture, 'activated')
    assert.equal(await deliver(fixture, event), 200)
    assert.equal(activated(), 1)
  },
  'a webhook that was changed on its way is refused unread': async (fixture, reference) => {
    const event = eventOf(await subscribed(fixture, reference))
    const events = count(fixture, 'event')
    assert.equal(await deliver(fixture, event, ' '), 400)
    assert.equal(events(), 0)
    assert.deepEqual((await fixture.billing.status(reference)).subscriptions, [])
  },
  'whatever a webhook says, Stripe is asked': async (fixture, reference) => {
    const subscription = await subscribed(fixture, reference)
    await fixture.billing.client.subscriptions.cancel(subscription.id)
    // An event of before that comes after.
    const late = eventOf({ ...subscription, status: 'active', customer: 'cus_other' })
    assert.equal(await deliver(fixture, late), 200)
    const { subscriptions } = await fixture.billing.status(reference)
    assert.deepEqual(
      subscriptions.map(({ id, status }) => [id, status]),
      [[subscription.id, 'canceled']],
    )
  },
  'a thin event leads to its subscription': async (fixture, reference) => {
    const { id } = await subscribed(fixture, reference)
    const [events, activated] = [count(fixture, 'event'), count(fixture, 'activated')]
    const event = thinEventOf({ id, type: 'subscription' })
    for (const _ of [1, 2]) assert.equal(await deliver(fixture, event), 200)
    assert.deepEqual([events(), activated()], [1, 1])
    assert.equal((await fixture.billing.status(reference)).status, 'early_payment')
  },
  'an event about nothing of ours is announced once': async (fixture) => {
    const events = count(fixture, 'event')
    const id = `x_${randomUUID()}`
    for (const event of [eventOf({ id, object: 'x' }), thinEventOf({ id, type: 'x' })]) {
      for (const _ of [1, 2]) assert.equal(await deliver(fixture, event), 200)
    }
    assert.equal(events(), 2)
  },
  'an end is announced once, by whatever sees it': async (fixture, reference) => {
    const { billing } = fixture
    const subscription = await subscribed(fixture, reference)
    await deliver(fixture, eventOf(subscription))
    const ended = count(fixture, 'ended')
    await billing.client.subscriptions.cancel(subscription.id)
    await billing.sync(reference)
    assert.equal(await deliver(fixture, eventOf(subscription)), 200)
    await billing.reconcile()
    assert.equal(ended(), 1)
  },
}
