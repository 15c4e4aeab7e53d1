import * as fc from 'fast-check'
import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { signWebhook } from '../testing/sign-webhook.ts'
import { openDatabase } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscribed.ts'
import type { BillingProblem } from '../status/billing-problem.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

const stripe = ({ stage }: Subscribed): Subscribed['stage']['billing']['client'] =>
  stage.billing.client

/** The last event of a type. */
function last(open: Subscribed, type: string): object {
  return open.events().findLast((event) => event.type === type) ?? expect.unreachable(type)
}

const statusOf = async ({ stage }: Subscribed): Promise<string> =>
  (await stage.billing.status(reference)).status

test('the end of an old subscription, delivered last, does not touch the one that is paid for', async () => {
  await using open = await openSubscribed()
  const old = await open.subscribe()
  await stripe(open).subscriptions.cancel(old.id)
  const ended = last(open, 'customer.subscription.deleted')
  await open.subscribe()
  for (const event of open.events().filter((one) => one !== ended)) await open.deliver(event)
  expect((await open.deliver(ended)).status).toBe(200)
  const status = await open.stage.billing.status(reference)
  expect(status.status).toBe('active')
  expect(status.subscriptions.map((one) => one.status).toSorted()).toEqual(['active', 'canceled'])
})

test('whatever the order and the repeats of a story’s events, its end is what is written', async () => {
  await using open = await openSubscribed()
  const first = await open.subscribe({ payment_behavior: 'default_incomplete' })
  await stripe(open).invoices.pay(first.latest_invoice as string)
  await stripe(open).subscriptions.update(first.id, { cancel_at_period_end: true })
  const second = await open.subscribe()
  await stripe(open).subscriptions.cancel(first.id)
  await open.stage.server.failPayment(second.id)
  const events = open.events()
  const orders = fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 })
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      const billing = open.stage.another({ store: memoryBillingStore() })
      await billing.adoptCustomer(reference, open.customer)
      const answers = await Promise.all(order.map((event) => open.deliver(event, billing)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const { status, subscriptions } = await billing.status(reference)
      expect(status).toBe('past_due')
      expect(subscriptions.map((one) => one.status).toSorted()).toEqual(['canceled', 'past_due'])
    }),
    { numRuns: 5 },
  )
})

describe('a fetch that fails', () => {
  test('is answered 503 and reported, and leaves the event to be delivered again', async () => {
    const problems: BillingProblem[] = []
    await using open = await openSubscribed({ report: (problem) => problems.push(problem) })
    await open.subscribe()
    const event = last(open, 'customer.subscription.created')
    open.stage.server.setTroubles({ kind: 'rate_limit', when: 'GET /v1/subscriptions', times: 3 })
    const refused = await open.deliver(event)
    expect([refused.status, await refused.text()]).toEqual([503, 'rate_limited'])
    expect(problems).toMatchObject([{ kind: 'webhook_failed', detail: 'rate_limited' }])
    expect(await statusOf(open)).toBe('none')
    const again = await open.deliver(event)
    expect([again.status, await again.text()]).toEqual([200, 'received'])
    expect(await statusOf(open)).toBe('active')
    expect(await (await open.deliver(event)).text()).toBe('received before')
  })

  test('because the event is of an account that the key does not see marks nothing', async () => {
    const problems: BillingProblem[] = []
    await using open = await openSubscribed({ report: (problem) => problems.push(problem) })
    await using other = await openSubscribed()
    await other.subscribe()
    const foreign = last(other, 'customer.subscription.created')
    expect((await open.deliver(foreign)).status).toBe(503)
    expect((await open.deliver(foreign)).status).toBe(503)
    expect(problems).toHaveLength(2)
    expect(problems[0]).toMatchObject({ kind: 'webhook_failed', detail: 'not_found' })
  })

  test('of a store is a 500 that repeats nothing of the error', async () => {
    const store = memoryBillingStore()
    await using open = await openSubscribed({ store, report: () => undefined })
    await open.subscribe()
    store.writeFetch = () => Promise.reject(new Error('hanako@example.jp'))
    const answer = await open.deliver(last(open, 'customer.subscription.created'))
    expect([answer.status, await answer.text()]).toEqual([500, 'failed'])
  })
})

test('an answer that was overtaken by one that was asked for later is not written', async () => {
  const store = memoryBillingStore()
  await using open = await openSubscribed({ store })
  const { id } = await open.subscribe({ payment_behavior: 'default_incomplete' })
  const created = last(open, 'customer.subscription.created')
  const entered = Promise.withResolvers<void>()
  const proceed = Promise.withResolvers<void>()
  const write = store.writeFetch.bind(store)
  store.writeFetch = async (...args) => {
    store.writeFetch = write
    entered.resolve()
    await proceed.promise
    return await write(...args)
  }
  // It has seen "incomplete", and is slow to write it down.
  const slow = open.deliver(created)
  await entered.promise
  const { latest_invoice: invoice } = await stripe(open).subscriptions.retrieve(id)
  await stripe(open).invoices.pay(invoice as string)
  await open.deliver(last(open, 'customer.subscription.updated'))
  expect(await statusOf(open)).toBe('active')
  proceed.resolve()
  expect((await slow).status).toBe(200)
  expect(await statusOf(open)).toBe('active')
})

test('a hundred deliveries of ten events at once, from three processes, are all applied', async () => {
  await using database = await openDatabase()
  const store = kyselyBillingStore(database.db)
  await using open = await openSubscribed({ store })
  const { stage } = open
  const { id } = await stage.billing.client.subscriptions.create({
    customer: open.customer,
    items: [{ price: open.price }],
  })
  for (const at of [1, 2, 3, 4]) {
    await stage.billing.client.subscriptions.update(id, { metadata: { at } })
  }
  const processes = [stage.billing, stage.another(), stage.another()]
  const events = open.events().slice(-10)
  const all = Array.from({ length: 100 }, (_, at) => {
    const event = events[at % events.length] ?? {}
    return open.deliver(event, processes[at % processes.length])
  })
  const answers = await Promise.all(all)
  const texts = await Promise.all(answers.map((answer) => answer.text()))
  expect(texts.filter((text) => text === 'received')).toHaveLength(events.length)
  expect(texts.filter((text) => text === 'received before')).toHaveLength(100 - events.length)
  expect((await stage.billing.status(reference)).status).toBe('active')
})

describe('an event of what Stripe has no more', () => {
  /** A subscription of a customer that goes with its test clock. */
  async function onTestClock(
    open: Subscribed,
    own: boolean,
  ): Promise<{ readonly id: string; readonly end: () => Promise<unknown> }> {
    const { billing, store } = open.stage
    const frozen = { frozen_time: Math.floor(Date.now() / 1_000) }
    const clock = await stripe(open).testHelpers.testClocks.create(frozen)
    const { id: customer } = await stripe(open).customers.create({ test_clock: clock.id })
    if (own) await billing.adoptCustomer('office-2', customer)
    const { id: card } = await stripe(open).paymentMethods.attach('pm_card_visa', { customer })
    const { id } = await open.subscribe({ customer, default_payment_method: card })
    if (own) await billing.sync('office-2')
    expect(await store.findSubscription(id)).toEqual(own ? expect.anything() : undefined)
    return { id, end: () => stripe(open).testHelpers.testClocks.del(clock.id) }
  }

  test.each(['a snapshot', 'a thin one'] as const)(
    'and nobody has is received: %s',
    async (kind) => {
      await using open = await openSubscribed({ report: () => undefined })
      const { id, end } = await onTestClock(open, false)
      const created = last(open, 'customer.subscription.created') as Stripe.Event
      const event =
        kind === 'a snapshot'
          ? created
          : {
              id: created.id,
              object: 'v2.core.event',
              type: `v1.${created.type}`,
              created: new Date(created.created * 1_000).toISOString(),
              livemode: false,
              related_object: { id, type: 'subscription', url: `/v1/subscriptions/${id}` },
            }
      await end()
      expect(await (await open.deliver(event)).text()).toBe('received')
      expect(await (await open.deliver(event)).text()).toBe('received before')
      expect(await open.stage.store.findSubscription(id)).toBeUndefined()
    },
  )

  test('and somebody had closes it', async () => {
    await using open = await openSubscribed({ report: () => undefined })
    const { id, end } = await onTestClock(open, true)
    expect((await open.stage.billing.status('office-2')).canUse()).toBe(true)
    const event = last(open, 'customer.subscription.created')
    await end()
    expect((await open.deliver(event)).status).toBe(200)
    expect(await open.stage.store.findSubscription(id)).toMatchObject({ status: 'gone' })
    expect((await open.stage.billing.status('office-2')).canUse()).toBe(false)
  })
})

test('an event of a subscription that another app on the account has is received, and changes nothing', async () => {
  const problems: BillingProblem[] = []
  await using open = await openSubscribed({ report: (problem) => problems.push(problem) })
  const { id: customer } = await stripe(open).customers.create({ email: 'other@example.jp' })
  const { id: card } = await stripe(open).paymentMethods.attach('pm_card_visa', { customer })
  const { id } = await open.subscribe({ customer, default_payment_method: card })
  for (const event of open.events()) expect((await open.deliver(event)).status).toBe(200)
  expect(await open.stage.store.findSubscription(id)).toBeUndefined()
  expect(problems).toEqual([])
})

test('an event of an older version than the client’s is asked for again, not read', async () => {
  await using open = await openSubscribed()
  const { server } = open.stage
  const received: object[] = []
  await open.subscribe()
  const event = last(open, 'customer.subscription.created') as { data: { object: object } }
  const { items: _, ...object } = event.data.object as { items: object }
  const older = {
    ...event,
    api_version: '2020-08-27',
    data: { object: { ...object, status: 'x' } },
  }
  received.push(older)
  expect((await open.deliver(older)).status).toBe(200)
  const { subscription } = await open.stage.billing.status(reference)
  expect(subscription).toMatchObject({ status: 'active', items: [{ priceId: open.price }] })
  expect(server.requestCount('GET', `/v1/subscriptions/${subscription?.id}`)).toBe(1)
})

test.each([
  [
    'an invoice',
    (id: string) => ({ object: 'invoice', parent: { subscription_details: { subscription: id } } }),
  ],
  ['an invoice of an older version', (id: string) => ({ object: 'invoice', subscription: id })],
  ['a checkout', (id: string) => ({ object: 'checkout.session', subscription: { id } })],
  ['a schedule', (id: string) => ({ object: 'subscription_schedule', subscription: id })],
])('an event about %s leads to its subscription', async (_, objectOf) => {
  await using open = await openSubscribed()
  const { id } = await open.subscribe()
  const event = {
    id: 'evt_1',
    object: 'event',
    type: 'x.y',
    created: 1,
    data: { object: objectOf(id) },
  }
  expect((await open.deliver(event)).status).toBe(200)
  expect(await statusOf(open)).toBe('active')
})

test('an event about nothing of ours, or of an account of Connect, is marked and asks for nothing', async () => {
  await using open = await openSubscribed()
  await open.subscribe()
  const sent = open.stage.server.requests().length
  const created = last(open, 'customer.subscription.created')
  for (const event of [last(open, 'customer.created'), { ...created, account: 'acct_1' }]) {
    expect(await (await open.deliver(event)).text()).toBe('received')
    expect(await (await open.deliver(event)).text()).toBe('received before')
  }
  expect(open.stage.server.requests()).toHaveLength(sent)
})

const url = 'https://app.example.jp/webhooks/stripe'

function requestOf(body: string, length?: string, signature = ''): Request {
  const headers = {
    'stripe-signature': signature,
    ...(length === undefined ? {} : { 'content-length': length }),
  }
  return new Request(url, { method: 'POST', body, headers })
}

test.each(['with its length', 'without it'])('a body is read byte for byte, %s', async (how) => {
  await using open = await openSubscribed()
  await open.subscribe()
  const { billing, server } = open.stage
  const event = { ...last(open, 'customer.subscription.created'), note: '支援 🎌' }
  const { body, signature } = signWebhook(JSON.stringify(event), server.webhookSecret)
  const length = how === 'without it' ? undefined : String(Buffer.byteLength(body))
  const answer = await billing.webhook(requestOf(body, length, signature))
  expect([answer.status, await answer.text()]).toEqual([200, 'received'])
})

describe('a request is refused', () => {
  test.each([
    ['that is no POST', 405, new Request(url)],
    ['that is not signed', 400, new Request(url, { method: 'POST', body: '{}' })],
    ['without a body', 400, new Request(url, { method: 'POST' })],
    ['that is too large', 413, requestOf('x'.repeat(1_048_577))],
    ['that is too large, and says so', 413, requestOf('x'.repeat(1_048_577), '1048577')],
    ['that is too large, and says otherwise', 413, requestOf('x'.repeat(1_048_577), '5')],
    ['that says no length', 400, requestOf('{}', 'many')],
  ])('%s: %s', async (_, status, request) => {
    await using open = await openSubscribed()
    const sent = open.stage.server.requests().length
    expect((await open.stage.billing.webhook(request)).status).toBe(status)
    expect(open.stage.server.requests()).toHaveLength(sent)
  })

  test('whose body was read before, or that is none, with a TypeError', async () => {
    await using open = await openSubscribed()
    const request = new Request(url, { method: 'POST', body: '{}' })
    await request.text()
    expect(await failureOf(open.stage.billing.webhook(request))).toBeInstanceOf(TypeError)
    expect(await failureOf(open.stage.billing.webhook({} as never))).toBeInstanceOf(TypeError)
  })
})
