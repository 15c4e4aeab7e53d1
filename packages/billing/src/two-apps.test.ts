import { expect, test } from 'vitest'
import { failureOf } from '../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../test/subscribed.ts'
import { createBilling } from './create-billing.ts'
import type { Billing } from './billing.ts'
import { memoryBillingStore } from './stores/memory-store.ts'

const email = 'hanako@example.jp'

/** Another app on the same account of Stripe's, with references like those of the first one, and its own store. */
function otherApp(open: Subscribed, app: string | undefined): Billing {
  const { server } = open.stage
  return createBilling({
    app,
    secretKey: server.secretKey,
    webhookSecret: server.webhookSecret,
    apiBase: server.url,
    store: memoryBillingStore(),
    keep: 'first',
  })
}

/** Subscribes at the hosted page. @returns the session */
async function subscribe(open: Subscribed): Promise<string> {
  const { billing, server } = open.stage
  const input = { price: open.price, successUrl: 'https://example.jp/', customer: { email } }
  const { sessionId } = await billing.checkout(reference, input)
  await server.completeCheckout(sessionId)
  return sessionId
}

test.each([
  ['careplan', 'payroll'],
  ['careplan', undefined],
  [undefined, 'payroll'],
])('of two apps on one account, %s and %s, neither takes the other’s', async (app, other) => {
  await using open = await openSubscribed({ app })
  await using billing = otherApp(open, other)
  const sessionId = await subscribe(open)
  const told: string[] = []
  billing.on('changed', (notice) => void told.push(notice.reference))
  for (const event of open.events()) {
    expect((await open.deliver(event, billing as Billing<undefined>)).status).toBe(200)
  }
  const { drift } = await billing.reconcile()
  expect(new Set(drift.map(({ kind }) => kind))).toEqual(new Set(['stranger']))
  expect((await billing.status(reference)).canUse()).toBe(false)
  expect(told).toEqual([])
  expect(await failureOf(billing.sync({ sessionId }))).toMatchObject({ code: 'not_found' })
  // Whoever adopts a customer knows whose it is, unless it says so itself.
  if (app === undefined) return
  const [sold] = open.stage.server.subscriptions()
  const adopted = billing.adoptCustomer(reference, sold?.customer ?? '')
  expect(await failureOf(adopted)).toMatchObject({ code: 'conflict' })
})

test('an app does not end what another has sold to the same reference', async () => {
  await using open = await openSubscribed({ app: 'careplan' })
  await using billing = otherApp(open, 'payroll')
  await subscribe(open)
  const { customerId } = await billing.ensureCustomer({ reference, email })
  const { client } = billing
  const { id: card } = await client.paymentMethods.attach('pm_card_visa', { customer: customerId })
  await client.subscriptions.create({
    customer: customerId,
    default_payment_method: card,
    items: [{ price: open.price }],
  })
  for (const event of open.events()) await open.deliver(event, billing as Billing<undefined>)
  await billing.reconcile()
  expect((await billing.status(reference)).subscriptions).toHaveLength(1)
  expect(open.stage.server.subscriptions().map(({ status }) => status)).toEqual([
    'active',
    'active',
  ])
})

test('a customer of another app is not found in place of the own one', async () => {
  let now = Date.now()
  await using open = await openSubscribed({ app: 'careplan', now: () => now })
  const { server } = open.stage
  const store = memoryBillingStore()
  const { secretKey, url: apiBase } = server
  const settle = store.settleCustomer.bind(store)
  await using billing = createBilling({ app: 'payroll', secretKey, apiBase, store, now: () => now })
  store.settleCustomer = () => Promise.reject(new Error('a crash before the note'))
  await failureOf(billing.ensureCustomer({ reference, email }))
  store.settleCustomer = settle
  now += 25 * 3_600_000
  const { customerId } = await billing.ensureCustomer({ reference, email })
  expect(customerId).not.toBe(open.customer)
  expect(server.customers()).toHaveLength(2)
})

test.each(['', 'a\n', 'x'.repeat(201), 1])('%j is no name of an app', (app) => {
  const store = memoryBillingStore()
  expect(() => createBilling({ secretKey: 'sk_test_x', store, app: app as string })).toThrow(
    'Expected app',
  )
})
