import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { makePrice } from '../../test/price.ts'
import { openStage, type Stage, type StageOptions } from '../../test/stage.ts'
import type { Billing } from '../billing.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import type { CheckoutInput } from './checkout-input.ts'
import type { CheckoutPage } from './checkouts.ts'

const reference = 'office-1'
const DAY = 86_400_000
const HOUR = 3_600_000

type Change = Partial<CheckoutInput> & { readonly whenSubscribed?: 'refuse' }

interface Shop<Tx> extends AsyncDisposable {
  readonly stage: Stage<Tx>
  open(change?: Change, billing?: Billing): Promise<CheckoutPage>
  /** The ids of the open sessions. */
  pages(): readonly string[]
}

function shopOf<Tx>(stage: Stage<Tx>, price: string): Shop<Tx> {
  return {
    stage,
    open: (change, billing = stage.billing) =>
      billing.checkout(reference, {
        price,
        customer: { email: 'hanako@example.jp' },
        successUrl: 'https://example.jp/',
        ...change,
      }),
    pages: () =>
      stage.server
        .checkoutSessions()
        .filter(({ status }) => status === 'open')
        .map(({ id }) => id),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function openShop(options: StageOptions<undefined> = {}): Promise<Shop<undefined>> {
  const stage = await openStage(options)
  return shopOf(stage, (await makePrice(stage.billing)).id)
}

describe('at once, on PostgreSQL,', () => {
  test('five processes with ten tabs each get one page', async () => {
    await using database = await openDatabase()
    await using stage = await openStage({ store: kyselyBillingStore(database.db) })
    const shop = shopOf(stage, (await makePrice(stage.billing)).id)
    const processes = [1, 2, 3, 4, 5].map(() => stage.another())
    const calls = processes.flatMap((one) => Array.from({ length: 10 }, () => shop.open({}, one)))
    const ids = new Set((await Promise.all(calls)).map(({ sessionId }) => sessionId))
    expect(shop.pages()).toEqual([...ids])
    expect(ids.size).toBe(1)
    expect(stage.server.customers()).toHaveLength(1)
  })

  test('five processes that ask for different things leave one page, which the row names', async () => {
    await using database = await openDatabase()
    await using stage = await openStage({ store: kyselyBillingStore(database.db) })
    const shop = shopOf(stage, (await makePrice(stage.billing)).id)
    const calls = [1, 2, 3, 4, 5].map((quantity) => shop.open({ quantity }, stage.another()))
    const settled = await Promise.allSettled(calls)
    for (const one of settled) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' })
    }
    const record = await stage.store.findCheckout(reference)
    expect(shop.pages()).toEqual([record?.session?.id])
  })

  test('a payment and checkouts for something else leave one subscription and no page', async () => {
    await using database = await openDatabase()
    await using stage = await openStage({ store: kyselyBillingStore(database.db) })
    const shop = shopOf(stage, (await makePrice(stage.billing)).id)
    const { sessionId } = await shop.open()
    const others = [2, 3, 4].map((quantity) => shop.open({ quantity }, stage.another()))
    const [paid] = await Promise.allSettled([stage.server.completeCheckout(sessionId), ...others])
    const subscriptions = stage.server.subscriptions()
    expect(subscriptions).toHaveLength(paid.status === 'fulfilled' ? 1 : 0)
    expect(shop.pages()).toHaveLength(paid.status === 'fulfilled' ? 0 : 1)
  })
})

test('a call that is overtaken in each of its rounds leaves the page of the last one that overtook it', async () => {
  await using shop = await openShop()
  const { store } = shop.stage
  const overtaking = shop.stage.another()
  let quantity = 2
  const overtaken = shop.stage.another({
    store: {
      ...store,
      async beginCheckout(...call) {
        await shop.open({ quantity: (quantity += 1) }, overtaking)
        return await store.beginCheckout(...call)
      },
    },
  })
  expect(await failureOf(shop.open({}, overtaken))).toMatchObject({ code: 'conflict' })
  const record = await store.findCheckout(reference)
  expect(record?.session?.id).toMatch(/^cs_/)
  expect(shop.pages()).toEqual([record?.session?.id])
  expect(await shop.open({ quantity }, overtaking)).toMatchObject({
    sessionId: record?.session?.id,
  })
})

describe('what the row does not know is asked of Stripe:', () => {
  test('a subscription that was made in the dashboard, which is written down', async () => {
    await using shop = await openShop()
    const { billing, store, server } = shop.stage
    const { sessionId } = await shop.open()
    await server.completeCheckout(sessionId)
    expect(await failureOf(shop.open())).toMatchObject({
      code: 'already_subscribed',
      outcome: 'none',
      message: expect.stringContaining('active'),
    })
    const [subscription] = server.subscriptions()
    expect(await store.findSubscription(subscription?.id ?? '')).toMatchObject({ reference })
    await billing.cancel(reference, { at: 'now' })
    await shop.open()
    expect(await store.findSubscription(subscription?.id ?? '')).toMatchObject({
      status: 'canceled',
    })
  })

  test('a page that was opened beside this package, which is expired', async () => {
    await using shop = await openShop()
    const { billing } = shop.stage
    const { customerId } = await billing.ensureCustomer({ reference, email: 'hanako@example.jp' })
    const [price] = shop.stage.server.prices()
    await billing.client.checkout.sessions.create({
      mode: 'subscription',
      customer: customerId,
      line_items: [{ price: price?.id ?? '', quantity: 1 }],
      success_url: 'https://example.jp/',
    })
    const { sessionId } = await shop.open()
    expect(shop.pages()).toEqual([sessionId])
  })

  test('a subscription and a page of the customer that the reference had before', async () => {
    await using shop = await openShop()
    const { billing, server, store } = shop.stage
    const { sessionId } = await shop.open()
    const first = await store.findCustomer(reference)
    const other = await billing.client.customers.create({ email: 'other@example.jp' })
    await store.replaceCustomer(reference, first?.customerId, other.id)
    const page = await shop.open()
    expect(shop.pages()).toEqual([page.sessionId])
    expect(server.checkoutSessions().find(({ id }) => id === sessionId)).toMatchObject({
      status: 'expired',
    })
    await server.completeCheckout(page.sessionId)
    await billing.sync(reference)
    await store.replaceCustomer(reference, other.id, first?.customerId)
    expect(await failureOf(shop.open())).toMatchObject({ code: 'already_subscribed' })
  })

  test('that a page, whose answer was lost, was for another customer', async () => {
    await using shop = await openShop({ attempts: 1 })
    const { billing, proxy, server, store } = shop.stage
    proxy.set({ dropReply: { when: 'POST /v1/checkout/sessions', times: 1 } })
    await failureOf(shop.open())
    const first = await store.findCustomer(reference)
    const other = await billing.client.customers.create({ email: 'other@example.jp' })
    await store.replaceCustomer(reference, first?.customerId, other.id)
    const { sessionId } = await shop.open()
    expect(shop.pages()).toEqual([sessionId])
    expect(server.checkoutSessions().find(({ id }) => id === sessionId)).toMatchObject({
      customer: other.id,
    })
  })

  test('a page that was paid while it was to be expired', async () => {
    await using shop = await openShop()
    const { server } = shop.stage
    const { sessionId } = await shop.open()
    let isPaid = false
    const payer = shop.stage.another()
    const { sessions } = payer.client.checkout
    const expire = sessions.expire.bind(sessions)
    sessions.expire = async (...call: Parameters<typeof expire>) => {
      if (!isPaid) await server.completeCheckout(sessionId)
      isPaid = true
      return await expire(...call)
    }
    const failed = await failureOf(shop.open({ quantity: 2 }, payer))
    expect(failed).toMatchObject({ code: 'already_subscribed' })
    expect(server.subscriptions()).toHaveLength(1)
    expect(shop.pages()).toEqual([])
  })
})

describe('an idempotency key of Stripe’s', () => {
  test.each(['error', 'error_after'] as const)(
    'for which it has stored a failure (%s) does not block: the session is looked for, and a new key taken',
    async (kind) => {
      await using shop = await openShop({ attempts: 1 })
      shop.stage.server.setTroubles({ kind, when: 'POST /v1/checkout/sessions' })
      expect(await failureOf(shop.open())).toMatchObject({
        code: 'unavailable',
        outcome: 'unknown',
      })
      const { sessionId } = await shop.open()
      expect(shop.pages()).toEqual([sessionId])
    },
  )

  test('for which it stores one in the first of several attempts does not fail the call', async () => {
    await using shop = await openShop()
    shop.stage.server.setTroubles({ kind: 'error', when: 'POST /v1/checkout/sessions' })
    const { sessionId } = await shop.open()
    expect(shop.pages()).toEqual([sessionId])
  })

  test('that is older than 23 hours is not used again, and its page is found or expired', async () => {
    let now = Date.now()
    await using shop = await openShop({ now: () => now })
    const { proxy, server } = shop.stage
    proxy.set({ dropReply: { when: 'POST /v1/checkout/sessions', times: 3 } })
    expect(await failureOf(shop.open())).toMatchObject({ outcome: 'unknown' })
    const [left] = shop.pages()
    now += 23.5 * HOUR
    const sent = server.requestCount('POST', '/v1/checkout/sessions')
    expect(await shop.open()).toMatchObject({ sessionId: left })
    expect(server.requestCount('POST', '/v1/checkout/sessions')).toBe(sent)
    now += HOUR
    const page = await shop.open()
    expect(page.sessionId).not.toBe(left)
    expect(shop.pages()).toEqual([page.sessionId])
  })

  test('never conflicts with itself, though the trial that was sent with it has become too short', async () => {
    let now = Date.now()
    await using shop = await openShop({ now: () => now, attempts: 1, trial: { days: 3 } })
    shop.stage.proxy.set({ status: { code: 503, when: 'POST /v1/checkout/sessions', times: 1 } })
    await failureOf(shop.open())
    now += 22 * HOUR
    await shop.open()
    expect(shop.pages()).toHaveLength(1)
    shop.stage.proxy.set({ status: { code: 503, when: 'POST /v1/checkout/sessions', times: 1 } })
    await failureOf(shop.open({ quantity: 2 }))
    now += 20 * HOUR
    await shop.open({ quantity: 2 })
    expect(shop.pages()).toHaveLength(1)
  })
})

describe('what is left of the trial', () => {
  const trialOf = async (shop: Shop<undefined>): Promise<number | null> => {
    const { sessionId } = await shop.open()
    await shop.stage.server.completeCheckout(sessionId)
    const subscription = shop.stage.server.subscriptions().at(-1)
    return subscription?.trial_end ?? null
  }

  test('goes along, over all plans and cancellations: one trial a reference', async () => {
    let now = Math.floor(Date.now() / 1_000) * 1_000
    const end = (now + 180 * DAY) / 1_000
    await using shop = await openShop({ now: () => now, trial: { days: 180 } })
    expect(await trialOf(shop)).toBe(end)
    now += 100 * DAY
    await shop.stage.billing.cancel(reference, { at: 'now' })
    expect(await trialOf(shop)).toBe(end)
    now += 81 * DAY
    await shop.stage.billing.cancel(reference, { at: 'now' })
    expect(await trialOf(shop)).toBeNull()
  })

  test.each([
    ['charge', null],
    ['clamp', 48 * HOUR + 60_000],
  ] as const)('that is too short for Stripe: %s', async (whenShort, ahead) => {
    let now = Math.floor(Date.now() / 1_000) * 1_000
    await using shop = await openShop({ now: () => now, trial: { days: 180, whenShort } })
    await shop.stage.billing.checkout(reference, {
      price: shop.stage.server.prices()[0]?.id ?? '',
      customer: { email: 'hanako@example.jp' },
      successUrl: 'https://example.jp/other',
    })
    now += 179 * DAY
    expect(await trialOf(shop)).toBe(ahead === null ? null : (now + ahead) / 1_000)
  })
})

test('Stripe’s own parameters go along: a trial without a card, promotion codes', async () => {
  await using shop = await openShop({ trial: { days: 30 } })
  const { sessionId } = await shop.open({
    metadata: { plan: 'basic' },
    native: {
      allow_promotion_codes: true,
      payment_method_collection: 'if_required',
      subscription_data: { description: '支援プラン' },
    },
  })
  expect(shop.stage.server.checkoutSessions()).toMatchObject([
    {
      id: sessionId,
      allow_promotion_codes: true,
      payment_method_collection: 'if_required',
      metadata: { plan: 'basic', yuzuru_reference: reference },
    },
  ])
  await shop.stage.server.completeCheckout(sessionId)
  const [subscription] = shop.stage.server.subscriptions()
  expect(subscription).toMatchObject({ status: 'trialing', description: '支援プラン' })
  expect(subscription?.metadata).toEqual({ plan: 'basic', yuzuru_reference: reference })
})
