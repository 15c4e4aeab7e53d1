import { describe, expect, test } from 'vitest'

import {
  monthlyPrice,
  openStripe,
  openStripeAt,
  refusal,
  subscribe,
} from '../../../test/stripe/fixture.ts'

describe('the billing portal', () => {
  const press = async (url: string, fields: Record<string, string>): Promise<number> =>
    (await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' }))
      .status

  test('shows the customer’s own subscriptions and links back', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const mine = await subscribe(stripe)
    const other = await subscribe(stripe)
    const session = await stripe.billingPortal.sessions.create({
      customer: mine.customer as string,
      return_url: 'http://127.0.0.1:1/billing',
    })
    const html = await (await fetch(session.url)).text()
    expect(html).toContain(mine.id)
    expect(html).not.toContain(other.id)
    expect(html).toContain('href="http://127.0.0.1:1/billing"')
    expect(await press(session.url, { action: 'cancel', subscription: other.id })).toBe(400)
    expect((await fetch(`${server.url}/p/session/live_none`)).status).toBe(404)
  })

  // Source: https://docs.stripe.com/billing/subscriptions/billing-mode/compare
  test.each([
    ['flexible', false],
    ['classic', true],
  ] as const)(
    'cancels by cancel_at in %s mode (cancel_at_period_end: %s), and takes it back',
    async (type, atPeriodEnd) => {
      await using open = await openStripe()
      const { stripe } = open
      const { id, customer, items } = await subscribe(stripe, { billing_mode: { type } })
      const { url } = await stripe.billingPortal.sessions.create({ customer: customer as string })
      expect(await press(url, { action: 'cancel', subscription: id })).toBe(303)
      expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
        cancel_at: items.data[0]?.current_period_end,
        cancel_at_period_end: atPeriodEnd,
        status: 'active',
      })
      expect(await press(url, { action: 'resume', subscription: id })).toBe(303)
      expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
        cancel_at: null,
        cancel_at_period_end: false,
      })
    },
  )

  test('saves another card, and leads to the page where an open invoice is paid', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id, customer } = await subscribe(stripe)
    await server.failPayment(id)
    const { url } = await stripe.billingPortal.sessions.create({ customer: customer as string })
    expect(await press(url, { action: 'card', card_number: '4000 0000 0000 0002' })).toBe(402)
    expect(await press(url, { action: 'card', card_number: '5555 5555 5555 4444' })).toBe(303)
    const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id, {
      expand: ['latest_invoice'],
    })
    const { hosted_invoice_url: page } = invoice as { hosted_invoice_url?: string | null }
    expect(await (await fetch(url)).text()).toContain(page)
    expect(await press(page ?? '', { card_number: '4000000000000341' })).toBe(402)
    expect(await press(page ?? '', { card_number: '4242424242424242' })).toBe(200)
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  })

  test('confirms the change that it was opened for, and goes where it was told', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const dearer = await monthlyPrice(stripe, { unit_amount: 3960 })
    const { id, customer, items } = await subscribe(stripe)
    const session = await stripe.billingPortal.sessions.create({
      customer: customer as string,
      flow_data: {
        after_completion: { redirect: { return_url: 'http://127.0.0.1:1/done' }, type: 'redirect' },
        subscription_update_confirm: {
          items: [{ id: items.data[0]?.id ?? '', price: dearer }],
          subscription: id,
        },
        type: 'subscription_update_confirm',
      },
    })
    const reply = await fetch(session.url, {
      body: new URLSearchParams({ action: 'confirm', subscription: id }),
      method: 'POST',
      redirect: 'manual',
    })
    expect(reply.headers.get('location')).toBe('http://127.0.0.1:1/done')
    expect((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id).toBe(dearer)
    const other = await subscribe(stripe)
    const foreign = stripe.billingPortal.sessions.create({
      customer: customer as string,
      flow_data: { subscription_cancel: { subscription: other.id }, type: 'subscription_cancel' },
    })
    expect(await refusal(foreign)).toMatchObject({ status: 400 })
  })

  // https://github.com/better-auth/better-auth/issues/5780
  test.each([
    ['with its period', { cancel_at_period_end: true }],
    ['at a date', { cancel_at: 'max_period_end' }],
  ] as const)('is not opened to cancel what is to end already: %s', async (_, change) => {
    await using open = await openStripe()
    const { stripe } = open
    const { id, customer } = await subscribe(stripe)
    await stripe.subscriptions.update(id, change)
    const flow = {
      type: 'subscription_cancel',
      subscription_cancel: { subscription: id },
    } as const
    const opened = stripe.billingPortal.sessions.create({
      customer: customer as string,
      flow_data: flow,
    })
    expect(await refusal(opened)).toMatchObject({
      message: expect.stringContaining('already set to be canceled') as string,
      status: 400,
    })
  })
})
