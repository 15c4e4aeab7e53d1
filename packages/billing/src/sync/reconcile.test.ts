import { expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscribed.ts'
import type { Drift } from './reconciled.ts'

const DAY = 86_400_000

/** A subscription of a customer that nobody here has made. */
async function strange(open: Subscribed): Promise<string> {
  const { client: stripe } = open.stage.billing
  const { id: customer } = await stripe.customers.create({ email: 'jiro@example.jp' })
  const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  const { id } = await stripe.subscriptions.create({
    customer,
    default_payment_method: card,
    items: [{ price: open.price }],
  })
  return id
}

test('drift in both directions is repaired, reported and announced, and then there is none', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  const { client: stripe } = billing
  const changed = await open.subscribe()
  const ended = await open.subscribe()
  await billing.sync(reference)
  const announced: string[] = []
  billing.on('payment_failed', () => void announced.push('payment_failed'))
  // An outage: no webhook arrives.
  await open.stage.server.failPayment(changed.id)
  await stripe.subscriptions.cancel(ended.id)
  const missing = await open.subscribe()
  const unseen = await open.subscribe()
  await stripe.subscriptions.cancel(unseen.id)
  const stranger = await strange(open)
  const drift: Drift[] = []
  const result = await billing.reconcile({ onDrift: (one) => drift.push(one) })
  const found = new Map(result.drift.map((one) => [one.id, one]))
  expect(found.get(changed.id)).toMatchObject({ kind: 'changed', was: 'active', is: 'past_due' })
  expect(found.get(ended.id)).toMatchObject({ kind: 'changed', was: 'active', is: 'canceled' })
  expect(found.get(missing.id)).toMatchObject({ kind: 'missing', reference, is: 'active' })
  expect(found.get(unseen.id)).toMatchObject({ kind: 'missing', is: 'canceled' })
  expect(found.get(stranger)).toMatchObject({ kind: 'stranger', reference: undefined })
  expect([found.size, drift]).toEqual([5, result.drift])
  expect(result.checked).toBe(5)
  expect(announced).toEqual(['payment_failed'])
  const again = await billing.reconcile()
  expect(again.drift).toMatchObject([{ kind: 'stranger' }])
  const { subscriptions } = await billing.status(reference)
  expect(subscriptions.map(({ status }) => status).toSorted()).toEqual([
    'active',
    'canceled',
    'canceled',
    'past_due',
  ])
})

test('what Stripe lists over many pages is compared whole', async () => {
  await using open = await openSubscribed()
  for (let at = 0; at < 102; at += 1) await open.subscribe({ trial_period_days: 30 })
  const { checked, drift } = await open.stage.billing.reconcile()
  expect([checked, drift.length]).toEqual([102, 102])
  expect((await open.stage.billing.reconcile()).drift).toEqual([])
})

test('a row of another account or mode is reported, left as it is, and does not stop the rest', async () => {
  await using other = await openSubscribed()
  await other.subscribe()
  await other.stage.billing.sync(reference)
  await using open = await openSubscribed()
  const there = open.stage.another({ store: other.stage.store })
  const { drift } = await there.reconcile()
  expect(drift).toMatchObject([
    { kind: 'customer_unknown', reference, was: 'active', is: undefined },
  ])
  expect((await there.status(reference)).status).toBe('active')
})

test('a Stripe that fails ends it, and what was repaired stays', async () => {
  await using open = await openSubscribed()
  const { billing, proxy } = open.stage
  await open.subscribe()
  proxy.set({ status: { code: 429, when: 'status=canceled' } })
  expect(await failureOf(billing.reconcile())).toMatchObject({ code: 'rate_limited' })
  expect((await billing.status(reference)).status).toBe('active')
})

test('the end of the app’s own trial is announced once, three days before, unless something is subscribed', async () => {
  let now = Date.now()
  await using open = await openSubscribed({ now: () => now, trial: { days: 180 } })
  const { billing } = open.stage
  const announced: string[] = []
  billing.on('trial_ending', ({ reference: of, status }) => {
    expect(status).toMatchObject({ status: 'trialing', next: { what: 'trial_ends' } })
    announced.push(of)
  })
  await billing.status('office-2')
  await open.subscribe({ trial_end: Math.floor(now / 1_000) + 180 * 86_400 })
  await billing.reconcile()
  now += 176 * DAY
  await billing.reconcile()
  expect(announced).toEqual([])
  now += 2 * DAY
  await Promise.all([billing.reconcile(), billing.reconcile()])
  await billing.reconcile()
  expect(announced).toEqual(['office-2'])
})

test('a handler that fails for one holds up no other: it is reported, and thrown at the end', async () => {
  const reported: object[] = []
  const report = (problem: object): void => void reported.push(problem)
  await using open = await openSubscribed({ report })
  const { billing } = open.stage
  const [first, bad, last] = [
    await open.subscribe(),
    await open.subscribe(),
    await open.subscribe(),
  ]
  await open.stage.another().sync(reference)
  for (const { id } of [first, bad, last]) await billing.client.subscriptions.cancel(id)
  let isBad = true
  const failure = new Error('the mail server is away')
  billing.on('changed', ({ status }) => {
    const { subscriptions } = status
    const isOfBad = subscriptions.find(({ id }) => id === bad.id)?.status === 'canceled'
    if (isBad && isOfBad) throw failure
  })
  const drift: Drift[] = []
  const onDrift = (one: Drift): void => void drift.push(one)
  expect(await failureOf(billing.reconcile({ onDrift }))).toBe(failure)
  expect(drift.map(({ id }) => id).toSorted()).toEqual([first.id, last.id].toSorted())
  expect(reported).toMatchObject([{ kind: 'reconcile_failed', id: bad.id, detail: 'failed' }])
  isBad = false
  expect((await billing.reconcile()).drift).toMatchObject([{ id: bad.id, is: 'canceled' }])
})

test('a handler that fails for many trials holds up none of the others', async () => {
  let now = Date.now()
  const report = (): void => undefined
  await using open = await openSubscribed({ now: () => now, trial: { days: 180 }, report })
  const { billing } = open.stage
  for (let at = 0; at < 105; at += 1) await billing.status(`bad-${at}`)
  now += 1_000
  await billing.status('good')
  now += 178 * DAY
  const announced: string[] = []
  billing.on('trial_ending', ({ reference: of }) => {
    if (of.startsWith('bad')) throw new Error('no')
    announced.push(of)
  })
  expect(await failureOf(billing.reconcile())).toMatchObject({ message: 'no' })
  expect(announced).toEqual(['good'])
})
