import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { startListening, startScripted } from '../../test/scripted-server.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscriber.ts'
import { subscriptionNow } from '../../test/subscription-now.ts'
import { createBilling } from '../create-billing.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

/** A subscription whose renewal was declined. */
async function openPastDue(): Promise<Subscribed> {
  const open = await openSubscribed()
  const { id } = await open.subscribe()
  await open.stage.server.failPayment(id)
  return open
}

describe('a payment that failed', () => {
  test('is paid by a better card, and the subscription is active', async () => {
    await using open = await openPastDue()
    const { billing, store } = open.stage
    expect(await subscriptionNow(billing, reference)).toMatchObject({ status: 'past_due' })
    const { subscription, confirmUrl } = await billing.retryPayment(reference)
    expect(subscription.status).toBe('active')
    expect(confirmUrl).toBeUndefined()
    expect(await store.findSubscription(subscription.id)).toMatchObject({ status: 'active' })
    expect(await billing.retryPayment(reference)).toMatchObject({ confirmUrl: undefined })
  })

  test('is declined again', async () => {
    await using open = await openPastDue()
    await open.useCard('pm_card_chargeCustomerFail')
    const failed = await failureOf(open.stage.billing.retryPayment(reference))
    expect(failed).toMatchObject({ code: 'card_declined', outcome: 'none', retryable: false })
  })

  test('waits for the card’s owner on Stripe’s page', async () => {
    await using open = await openPastDue()
    await open.useCard('pm_card_authenticationRequired')
    const { subscription, confirmUrl } = await open.stage.billing.retryPayment(reference)
    expect(subscription.status).toBe('past_due')
    const page = await fetch(confirmUrl ?? '')
    expect(page.status).toBe(200)
  })

  test('has no card: a person pays on Stripe’s page', async () => {
    await using open = await openPastDue()
    const { billing } = open.stage
    const { client: stripe } = billing
    const customer = await open.customer(reference)
    const { data: cards } = await stripe.paymentMethods.list({ customer })
    for (const { id } of cards) await stripe.paymentMethods.detach(id)
    const { subscription, confirmUrl } = await billing.retryPayment(reference)
    expect(subscription.status).toBe('past_due')
    expect(confirmUrl).toMatch(/^http/)
    await open.useCard('pm_card_visa')
    expect(await billing.retryPayment(reference)).toMatchObject({
      subscription: { status: 'active' },
      confirmUrl: undefined,
    })
  })

  test('can not be tried now: that is what is thrown', async () => {
    await using open = await openPastDue()
    const { server } = open.stage
    const invoice = server.invoices().find(({ status }) => status === 'open')
    server.setTroubles({
      kind: 'rate_limit',
      when: `POST /v1/invoices/${invoice?.id}/pay`,
      times: 9,
    })
    const failure = await failureOf(open.stage.billing.retryPayment(reference))
    expect(failure).toMatchObject({ code: 'rate_limited', outcome: 'none' })
  })

  test('is not paid twice when the answer was lost', async () => {
    await using open = await openPastDue()
    const { billing, proxy, server } = open.stage
    const paid = (): number => server.invoices().filter(({ status }) => status === 'paid').length
    const before = paid()
    proxy.set({ dropReply: { when: 'POST /v1/invoices', times: 3 } })
    expect(await failureOf(billing.retryPayment(reference))).toMatchObject({ outcome: 'unknown' })
    proxy.clear()
    const { subscription } = await billing.retryPayment(reference)
    expect(subscription.status).toBe('active')
    expect(paid()).toBe(before + 1)
  })

  test('that somebody else has paid meanwhile is a success', async () => {
    await using open = await openPastDue()
    const { server } = open.stage
    const other = open.stage.another()
    const { invoices } = other.client
    const pay = invoices.pay.bind(invoices)
    invoices.pay = async (...call: Parameters<typeof pay>) => {
      await open.stage.billing.retryPayment(reference)
      return await pay(...call)
    }
    expect((await other.retryPayment(reference)).subscription.status).toBe('active')
    expect(server.invoices().filter(({ status }) => status === 'open')).toEqual([])
  })
})

test('invoices come newest first, with their pages, and no further than they are read', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  const { customerId: customer } = await billing.ensureCustomer({
    reference,
    email: 'a@example.jp',
  })
  for (let made = 0; made < 101; made += 1) {
    await billing.client.invoices.create({ customer, auto_advance: false })
  }
  await open.subscribe()
  const before = server.requestCount('GET', '/v1/invoices')
  for await (const invoice of billing.invoices(reference)) {
    expect(invoice).toMatchObject({ status: 'paid', total: 1_980, currency: 'jpy' })
    expect(URL.canParse(invoice.url ?? '')).toBe(true)
    break
  }
  expect(server.requestCount('GET', '/v1/invoices')).toBe(before + 1)
  const all = await Array.fromAsync(billing.invoices(reference))
  expect(all).toHaveLength(102)
  expect(new Set(all.map(({ id }) => id)).size).toBe(102)
  expect(all.at(-1)).toMatchObject({ status: 'draft', url: undefined, number: undefined })
})

test('usage is counted once for each id, also when answers were lost', async () => {
  await using open = await openSubscribed()
  const { billing, proxy } = open.stage
  const meter = await billing.client.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'Pages',
    event_name: 'pages',
  })
  const use = (id: string): Promise<void> =>
    billing.usage(reference, { meter: 'pages', value: 3, id })
  proxy.set({ dropReply: { when: 'POST /v1/billing/meter_events', times: 3 } })
  expect(await failureOf(use('a'))).toMatchObject({ outcome: 'unknown' })
  await use('a')
  await use('b')
  const { customerId: customer } = await billing.ensureCustomer({
    reference,
    email: 'a@example.jp',
  })
  const second = Math.floor(Date.now() / 1_000)
  const { data } = await billing.client.billing.meters.listEventSummaries(meter.id, {
    customer,
    start_time: second - 60,
    end_time: second + 60,
  })
  expect(data).toMatchObject([{ aggregated_value: 6 }])
  const unknown = billing.usage(reference, { meter: 'none', value: 1, id: 'c' })
  expect(await failureOf(unknown)).toMatchObject({
    code: expect.stringMatching(/invalid|not_found/),
  })
})

test.each([
  ['code', { code: 'duplicate_meter_event' }, undefined],
  ['prose', { message: 'An event already exists with identifier a.' }, undefined],
  ['parameter', { message: 'Invalid identifier', param: 'identifier' }, 'invalid_request'],
  ['prose of another', { message: 'No such customer: An event already exists' }, 'invalid_request'],
])(
  'usage is a success only when it was counted: a refusal that says so by its %s',
  async (_, refusal, code) => {
    const error = { type: 'invalid_request_error', ...refusal }
    await using server = await startScripted((_request, response) => {
      const headers = { 'content-type': 'application/json', 'request-id': 'req_1' }
      response.writeHead(400, headers).end(JSON.stringify({ error }))
    })
    const store = memoryBillingStore()
    await store.settleCustomer(reference, 'cus_1')
    await using billing = createBilling({ secretKey: 'sk_test_1', store, apiBase: server.url })
    const used = billing.usage(reference, { meter: 'pages', value: 1, id: 'a' })
    const said = used.then(
      () => undefined,
      (failure: { code: string }) => failure.code,
    )
    expect(await said).toBe(code)
  },
)

test('a portal is opened for one thing', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const { id } = await open.subscribe()
  const returnUrl = 'https://example.jp/'
  for (const flow of [
    'payment_method_update',
    'subscription_cancel',
    'subscription_update',
  ] as const) {
    const { url } = await billing.portal(reference, { returnUrl, flow, locale: 'ja' })
    expect((await fetch(url)).status).toBe(200)
  }
  const { url } = await billing.portal(reference, {
    returnUrl,
    native: {
      flow_data: { type: 'subscription_cancel', subscription_cancel: { subscription: id } },
    },
  })
  expect((await fetch(url)).status).toBe(200)
})

test('what fails after a payment was made does not say that nothing has happened', async () => {
  await using open = await openSubscribed({ attempts: 1 })
  const { billing, proxy, server } = open.stage
  const { id } = await open.subscribe()
  await server.failPayment(id)
  proxy.set({ status: { code: 429, when: `GET /v1/subscriptions/${id}`, times: 1 } })
  expect(await failureOf(billing.retryPayment(reference))).toMatchObject({
    code: 'rate_limited',
    retryable: true,
    outcome: 'unknown',
  })
  expect(server.subscriptions()).toMatchObject([{ status: 'active' }])
  expect(await billing.retryPayment(reference)).toMatchObject({ confirmUrl: undefined })
})

// Source: https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation
test.each([
  [0.1 + 0.2, '0.3'],
  [1 / 3, '0.333333333333333'],
  [1e-7, '0.0000001'],
  [999_999_999_999_999, '999999999999999'],
])('usage is sent with at most 15 digits, in plain decimals: %d', async (value, sent) => {
  const bodies: URLSearchParams[] = []
  await using server = await startListening((request, response) => {
    void text(request).then((body) => {
      bodies.push(new URLSearchParams(body))
      response.end('{"object":"billing.meter_event","identifier":"a"}')
    })
  })
  const store = memoryBillingStore()
  await store.settleCustomer(reference, 'cus_1')
  await using billing = createBilling({ secretKey: 'sk_test_1', store, apiBase: server.url })
  await billing.usage(reference, { meter: 'pages', value, id: 'a' })
  expect(bodies[0]?.get('payload[value]')).toBe(sent)
  const more = billing.usage(reference, { meter: 'pages', value: 1e15, id: 'b' })
  expect(await failureOf(more)).toBeInstanceOf(TypeError)
})
