import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  monthlyPrice,
  openCheckout,
  openStripe,
  openStripeAt,
  refusal,
} from '../../../test/stripe/fixture.ts'

const card = '4242 4242 4242 4242'

/** Presses the page's button. */
function submit(url: string | null, fields: Record<string, string>): Promise<Response> {
  return fetch(url ?? '', { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) })
}

describe('the hosted page', () => {
  test('completes a session with a trial into a trialing subscription and goes to success_url', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const customer = await stripe.customers.create({ email: 'hana@example.com' })
    const session = await openCheckout(stripe, {
      customer: customer.id,
      client_reference_id: 'office-1',
      subscription_data: { trial_period_days: 180, metadata: { office: '1' } },
    })
    expect(session).toMatchObject({ status: 'open', payment_status: 'unpaid', subscription: null })
    const reply = await submit(session.url, { card_number: card })
    expect(reply.status).toBe(303)
    expect(reply.headers.get('location')).toBe(`http://127.0.0.1:1/done?session=${session.id}`)
    const expand = ['subscription.latest_invoice', 'line_items']
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand })
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      customer: customer.id,
      client_reference_id: 'office-1',
      url: null,
      subscription: { status: 'trialing', metadata: { office: '1' }, latest_invoice: { total: 0 } },
      line_items: { data: [{ quantity: 1, amount_total: 1980 }] },
    })
    const [subscription] = server.subscriptions()
    expect((subscription?.trial_end ?? 0) - (subscription?.created ?? 0)).toBe(180 * 86_400)
    expect(
      server
        .events()
        .map(({ type }) => type)
        .slice(-6),
    ).toEqual([
      'customer.subscription.created',
      'invoice.created',
      'invoice.finalized',
      'invoice.paid',
      'invoice.payment_succeeded',
      'checkout.session.completed',
    ])
  })

  test('without a trial the subscription is active; without a customer one is made', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const session = await openCheckout(stripe)
    const refused = await submit(session.url, { card_number: card })
    expect(refused.status).toBe(400)
    expect((await submit(session.url, { card_number: card, email: 'a@b.jp' })).status).toBe(303)
    expect(server.customers()).toMatchObject([{ email: 'a@b.jp' }])
    expect(server.subscriptions()).toMatchObject([
      { status: 'active', customer: server.customers()[0]?.id },
    ])
  })

  test('a second click makes no second subscription', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const session = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    const clicks = await Promise.all([submit(session.url, {}), submit(session.url, {})])
    expect(clicks.map(({ status }) => status)).toEqual([303, 303])
    expect(server.subscriptions()).toHaveLength(1)
    const page = await fetch(session.url ?? '')
    expect(await page.text()).toContain('完了')
  })

  test('a declined card leaves the session open, with nothing made', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const session = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    const declined = await submit(session.url, { card_number: '4000 0000 0000 0002' })
    expect(declined.status).toBe(402)
    expect(await declined.text()).toContain('カードが拒否されました')
    expect((await submit(session.url, { card_number: 'abc' })).status).toBe(402)
    expect(server.subscriptions()).toEqual([])
    expect(server.customers()).toEqual([])
    expect((await submit(session.url, { card_number: card })).status).toBe(303)
  })

  test('is Japanese unless the locale or the browser says otherwise, and escapes', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const product_data = { name: '<b>"プラン"</b>' }
    const price_data = {
      currency: 'jpy',
      product_data,
      unit_amount: 1980,
      recurring: { interval: 'month' as const },
    }
    const line_items = [{ price_data, quantity: 2 }]
    const session = await openCheckout(stripe, { line_items })
    const page = async (headers: Record<string, string> = {}): Promise<string> =>
      (await fetch(session.url ?? '', { headers })).text()
    const html = await page({ 'accept-language': 'ja' })
    expect(html).toContain('お支払い')
    expect(html).toContain('￥3,960')
    expect(html).toContain('&lt;b&gt;&quot;プラン&quot;&lt;/b&gt; × 2')
    expect(html).toContain('href="http://127.0.0.1:1/back"')
    expect(await page({ 'accept-language': 'en-GB' })).toContain('Payment')
    const english = await openCheckout(stripe, { locale: 'en' })
    expect(await (await fetch(english.url ?? '')).text()).toContain('Subscribe')
  })
})

describe('a session', () => {
  test('that has expired, by request or by time, can’t be paid', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using open = await openStripe({ now: () => now })
    const { server, stripe } = open
    const first = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    const second = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    await stripe.checkout.sessions.expire(first.id)
    expect((await submit(first.url, {})).status).toBe(410)
    now += 86_400_000
    expect((await submit(second.url, {})).status).toBe(410)
    await expect(server.completeCheckout(second.id)).rejects.toThrow('expired')
    expect(server.subscriptions()).toEqual([])
    const expired = server.events().filter(({ type }) => type === 'checkout.session.expired')
    expect(expired).toHaveLength(2)
    expect(await refusal(stripe.checkout.sessions.expire(first.id))).toMatchObject({ status: 400 })
  })

  test('for one payment or for setup completes with its intent', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const price_data = { currency: 'jpy', product_data: { name: '手数料' }, unit_amount: 500 }
    const payment = await openCheckout(stripe, {
      mode: 'payment',
      line_items: [{ price_data, quantity: 2 }],
      customer_email: 'a@b.jp',
    })
    await server.completeCheckout(payment.id)
    const paid = await stripe.checkout.sessions.retrieve(payment.id, { expand: ['payment_intent'] })
    expect(paid).toMatchObject({ payment_intent: { amount: 1000, status: 'succeeded' } })
    const customer = await stripe.customers.create()
    const setup = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'jpy',
      customer: customer.id,
      success_url: 'http://127.0.0.1:1/',
    })
    const done = await server.completeCheckout(setup.id)
    expect(done).toMatchObject({ status: 'complete', payment_status: 'no_payment_required' })
  })

  test.each([
    ['a customer that does not exist', { customer: 'cus_none' }, 'customer'],
    ['no lines', { line_items: [] }, 'line_items'],
    ['a success_url that is not one', { success_url: 'done' }, 'success_url'],
    [
      'a trial that ends tomorrow',
      { subscription_data: { trial_end: 1_775_088_000 } },
      'subscription_data[trial_end]',
    ],
    [
      'a trial of 731 days',
      { subscription_data: { trial_period_days: 731 } },
      'subscription_data[trial_period_days]',
    ],
    ['an expiry in a week', { expires_at: 1_775_606_400 }, 'expires_at'],
    [
      'a price that does not exist',
      { line_items: [{ price: 'price_none', quantity: 1 }] },
      'line_items[0][price]',
    ],
  ])('with %s is refused', async (_name, change, param) => {
    await using open = await openStripe({ now: () => Date.UTC(2026, 3, 1) })
    const { server, stripe } = open
    const price = await monthlyPrice(stripe)
    const line_items = [{ price, quantity: 1 }]
    expect(await refusal(openCheckout(stripe, { line_items, ...change }))).toMatchObject({
      status: 400,
      param,
    })
    expect(server.checkoutSessions()).toEqual([])
  })

  test('is listed by status and by customer, and its lines are listed', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const customer = await stripe.customers.create()
    const first = await openCheckout(stripe, { customer: customer.id })
    const second = await openCheckout(stripe, { customer: customer.id })
    await server.completeCheckout(first.id)
    const list = async (status: 'complete' | 'open'): Promise<string[]> => {
      const { data } = await stripe.checkout.sessions.list({ customer: customer.id, status })
      return data.map(({ id }) => id)
    }
    expect(await list('complete')).toEqual([first.id])
    expect(await list('open')).toEqual([second.id])
    const lines = await stripe.checkout.sessions.listLineItems(first.id)
    expect(lines.data).toMatchObject([{ object: 'item', quantity: 1, description: '支援プラン' }])
  })
})

// Source: https://docs.stripe.com/payments/checkout/free-trials
describe('a session without a card', () => {
  test('completes where none is needed, and its trial has none at its end', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const session = await openCheckout(stripe, {
      customer_email: 'a@b.jp',
      payment_method_collection: 'if_required',
      subscription_data: {
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
      },
    })
    expect(await (await fetch(session.url ?? '')).text()).not.toContain('card_number')
    expect((await submit(session.url, {})).status).toBe(303)
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      payment_status: 'no_payment_required',
    })
    expect(server.subscriptions()).toMatchObject([
      { default_payment_method: null, status: 'trialing' },
    ])
    await open.pass(8)
    expect(server.subscriptions()).toMatchObject([{ status: 'paused' }])
  })
})

describe('a card on the hosted page', () => {
  test('that asks its owner shows the bank’s page first', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const session = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    const asking = { card_number: '4000 0027 6000 3184' }
    const page = await (await submit(session.url, asking)).text()
    expect(page).toContain('name="authentication"')
    expect(server.subscriptions()).toEqual([])
    expect((await submit(session.url, { ...asking, authentication: 'fail' })).status).toBe(402)
    expect((await submit(session.url, { ...asking, authentication: 'succeed' })).status).toBe(303)
    expect(server.subscriptions()).toMatchObject([{ status: 'active' }])
  })

  test('that can’t be charged completes a trial, and is declined without one', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const failing = { card_number: '4000 0000 0000 0341' }
    const now = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    expect((await submit(now.url, failing)).status).toBe(402)
    const later = await openCheckout(stripe, {
      customer_email: 'a@b.jp',
      subscription_data: { trial_period_days: 7 },
    })
    expect((await submit(later.url, failing)).status).toBe(303)
    await open.pass(8)
    expect(server.subscriptions()).toMatchObject([{ status: 'past_due' }])
  })
})

describe('the trial of a session', () => {
  test('ends 48 hours from now at the earliest, and 730 days at the latest', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const end = (trial_end: number): Promise<unknown> =>
      openCheckout(stripe, { subscription_data: { trial_end } })
    const param = 'subscription_data[trial_end]'
    expect(await refusal(end(open.now() + 2 * 86_400 - 1))).toMatchObject({ param, status: 400 })
    expect(await refusal(end(open.now() + 730 * 86_400 + 1))).toMatchObject({ param, status: 400 })
    await end(open.now() + 2 * 86_400)
    await end(open.now() + 730 * 86_400)
  })
})

// https://github.com/better-auth/better-auth/issues/8920
test('a line has a quantity, unless it is billed by usage', async () => {
  await using open = await openStripe()
  const { server, stripe } = open
  const { id: meter } = await stripe.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'pages',
    event_name: 'pages',
  })
  const recurring = { interval: 'month', usage_type: 'metered', meter } as const
  const metered = await monthlyPrice(stripe, { recurring })
  const of = (line: { price: string; quantity?: number }): Promise<Stripe.Checkout.Session> =>
    openCheckout(stripe, { customer_email: 'a@b.jp', line_items: [line] })
  const param = 'line_items[0][quantity]'
  const refused = { param, status: 400 }
  expect(await refusal(of({ price: metered, quantity: 1 }))).toMatchObject(refused)
  expect(await refusal(of({ price: await monthlyPrice(stripe) }))).toMatchObject(refused)
  await server.completeCheckout((await of({ price: metered })).id)
  expect(server.subscriptions()[0]?.items.data[0]).not.toHaveProperty('quantity')
})
