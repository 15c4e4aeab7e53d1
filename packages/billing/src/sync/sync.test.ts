import { describe, expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscribed.ts'
import type { BillingProblem } from '../status/billing-problem.ts'
import type { BillingStatus } from '../status/billing-status.ts'

const DAY = 86_400_000

const stripe = ({ stage }: Subscribed): Subscribed['stage']['billing']['client'] =>
  stage.billing.client
const sync = ({ stage }: Subscribed): Promise<BillingStatus> => stage.billing.sync(reference)

async function press(open: Subscribed, action: string, subscription: string): Promise<void> {
  const { url } = await stripe(open).billingPortal.sessions.create({ customer: open.customer })
  const body = new URLSearchParams({ action, subscription })
  await fetch(url, { body, method: 'POST', redirect: 'manual' })
}

const inAWeek = (): number => Math.floor(Date.now() / 1_000) + 7 * 86_400

test.each([
  ['in the portal', (open: Subscribed, id: string) => press(open, 'cancel', id)],
  [
    'with the period',
    (open: Subscribed, id: string) =>
      stripe(open).subscriptions.update(id, { cancel_at_period_end: true }),
  ],
  [
    'at a date',
    (open: Subscribed, id: string) =>
      stripe(open).subscriptions.update(id, { cancel_at: inAWeek() }),
  ],
])(
  'an end that is planned %s is canceling until then, and taken back is active',
  async (_, plan) => {
    await using open = await openSubscribed()
    const { id } = await open.subscribe()
    expect((await sync(open)).status).toBe('active')
    await plan(open, id)
    const planned = await stripe(open).subscriptions.retrieve(id)
    const status = await sync(open)
    expect(status).toMatchObject({ status: 'canceling', next: { what: 'end', at: status.endsAt } })
    const end = planned.cancel_at ?? planned.items.data[0]?.current_period_end ?? 0
    expect(status.endsAt).toEqual(new Date(end * 1_000))
    expect(status.canUse()).toBe(true)
    await press(open, 'resume', id)
    expect(await sync(open)).toMatchObject({ status: 'active', endsAt: undefined })
  },
)

test('one that is paid for decides, though a newer one waits for its first payment', async () => {
  await using open = await openSubscribed()
  const paid = await open.subscribe()
  await open.subscribe({ payment_behavior: 'default_incomplete' })
  const status = await sync(open)
  expect(status).toMatchObject({ status: 'active', subscription: { id: paid.id } })
  expect(status.subscriptions).toHaveLength(2)
})

test('a trial is one, with one date, whatever is subscribed and canceled in it', async () => {
  let now = Date.now()
  await using open = await openSubscribed({ trial: { days: 180 }, now: () => now })
  const { trialEndsAt } = await open.stage.billing.status(reference)
  const trial_end = Math.floor((trialEndsAt?.getTime() ?? 0) / 1_000)
  for (const _ of [1, 2]) {
    const { id } = await open.subscribe({ trial_end })
    expect(await sync(open)).toMatchObject({ status: 'early_payment', trialEndsAt })
    await stripe(open).subscriptions.cancel(id)
    expect(await sync(open)).toMatchObject({ status: 'trialing', trialEndsAt })
    now += 30 * DAY
  }
  now += 121 * DAY
  const status = await open.stage.billing.status(reference)
  expect(status).toMatchObject({ status: 'canceled', trialEndsAt })
  expect(status.canUse()).toBe(false)
})

describe('a customer that was made in the dashboard', () => {
  const customerOf = async (open: Subscribed): Promise<string> => {
    const { id } = await stripe(open).customers.create({ email: 'jiro@example.jp' })
    const { id: card } = await stripe(open).paymentMethods.attach('pm_card_visa', { customer: id })
    await stripe(open).subscriptions.create({
      customer: id,
      default_payment_method: card,
      items: [{ price: open.price }],
    })
    return id
  }

  test('is a reference’s once it is adopted, with its subscriptions', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const customer = await customerOf(open)
    const created = open.events().findLast(({ type }) => type === 'customer.subscription.created')
    expect((await open.deliver(created ?? {})).status).toBe(200)
    expect(await billing.referenceOf(customer)).toBeUndefined()
    for (const _ of [1, 2]) {
      const status = await billing.adoptCustomer('office-2', customer)
      expect(status).toMatchObject({ reference: 'office-2', status: 'active' })
    }
    expect(await billing.referenceOf(customer)).toBe('office-2')
    const again = { ...created, id: 'evt_again' }
    await stripe(open).subscriptions.cancel(
      (await billing.status('office-2')).subscription?.id ?? '',
    )
    await open.deliver(again)
    expect((await billing.status('office-2')).status).toBe('canceled')
  })

  test('is adopted by one reference only, and by none that has another', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    const customer = await customerOf(open)
    await billing.adoptCustomer('office-2', customer)
    const adopt = (of: string, id: string): Promise<unknown> =>
      failureOf(billing.adoptCustomer(of, id))
    const conflict = { code: 'conflict', outcome: 'none' }
    expect(await adopt('office-3', customer)).toMatchObject(conflict)
    expect(await adopt('office-3', open.customer)).toMatchObject(conflict)
    expect(await adopt(reference, customer)).toMatchObject(conflict)
    expect(await adopt('office-3', 'cus_unknown')).toMatchObject({ code: 'not_found' })
    expect(await billing.referenceOf(customer)).toBe('office-2')
  })

  test('takes the place of one that was deleted', async () => {
    await using open = await openSubscribed()
    const { billing } = open.stage
    await open.subscribe()
    await sync(open)
    const customer = await customerOf(open)
    await stripe(open).customers.del(open.customer)
    const status = await billing.adoptCustomer(reference, customer)
    expect(status.status).toBe('active')
    expect(status.subscriptions.map((one) => one.status).toSorted()).toEqual(['active', 'canceled'])
  })
})

describe('the session of a checkout', () => {
  const openPage = async (open: Subscribed): Promise<string> => {
    const { sessionId } = await open.stage.billing.checkout(reference, {
      price: open.price,
      successUrl: 'https://app.example.jp',
    })
    return sessionId
  }

  test('is synced before its webhook has come', async () => {
    await using open = await openSubscribed()
    const sessionId = await openPage(open)
    const before = await open.stage.billing.sync({ sessionId, reference })
    expect(before.status).toBe('none')
    await open.stage.server.completeCheckout(sessionId)
    expect(await open.stage.billing.sync({ sessionId })).toMatchObject({
      reference,
      status: 'active',
    })
  })

  test('of another reference shows nothing', async () => {
    await using open = await openSubscribed()
    const sessionId = await openPage(open)
    const foreign = open.stage.billing.sync({ sessionId, reference: 'office-2' })
    expect(await failureOf(foreign)).toMatchObject({ code: 'not_found', outcome: 'none' })
  })
})

describe('what Stripe has no more', () => {
  test('is gone, when its customer is still there', async () => {
    const problems: BillingProblem[] = []
    await using open = await openSubscribed({ report: (problem) => problems.push(problem) })
    const { id } = await open.subscribe()
    await sync(open)
    const { store } = open.stage
    const record = (await store.findSubscription(id)) ?? expect.unreachable()
    const { number } = await store.drawFetch(undefined)
    const lost = { ...record, id: 'sub_lost', namedReference: undefined }
    await store.writeFetch({
      number,
      now: Date.now(),
      trialEndsAt: undefined,
      reference,
      event: undefined,
      subscriptions: [lost],
    })
    const { subscriptions } = await sync(open)
    expect(subscriptions.find((one) => one.id === 'sub_lost')?.status).toBe('gone')
    expect(problems).toMatchObject([{ kind: 'gone', id: 'sub_lost' }])
  })

  test('because the key is of another account is an error, and closes nobody', async () => {
    await using open = await openSubscribed()
    await open.subscribe()
    await sync(open)
    await using other = await openSubscribed()
    const elsewhere = open.stage.another({ apiBase: other.stage.server.url })
    const failure = await failureOf(elsewhere.sync(reference))
    expect(failure).toMatchObject({ code: 'customer_unknown', outcome: 'none' })
    expect((await open.stage.billing.status(reference)).status).toBe('active')
  })
})

test('what is not known is reported once, and opens nothing', async () => {
  const problems: BillingProblem[] = []
  await using open = await openSubscribed({
    prices: { another: { features: ['plans'] } },
    report: (problem) => problems.push(problem),
  })
  await open.subscribe()
  const status = await sync(open)
  expect([status.status, status.canUse(), status.canUse('plans')]).toEqual(['active', false, false])
  await sync(open)
  expect(problems).toMatchObject([{ kind: 'unknown_price', detail: open.price }])
})
