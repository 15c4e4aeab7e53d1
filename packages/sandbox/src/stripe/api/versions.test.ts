import { describe, expect, test } from 'vitest'

import { openStripe, refusal, subscribe } from '../../../test/stripe/fixture.ts'

describe('an older version', () => {
  // Source: https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
  test('has the period on the subscription, and the subscription on the invoice', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id, items } = await subscribe(stripe)
    const apiVersion = '2025-02-24.acacia'
    const older = await stripe.subscriptions.retrieve(
      id,
      { expand: ['latest_invoice'] },
      { apiVersion },
    )
    expect(older).toMatchObject({
      current_period_end: items.data[0]?.current_period_end,
      current_period_start: items.data[0]?.current_period_start,
      latest_invoice: { paid: true, subscription: id },
    })
    expect(older.items.data[0]).not.toHaveProperty('current_period_end')
    expect(older).not.toHaveProperty('billing_mode')
  })
})

// Source: https://docs.stripe.com/changelog/endive/2026-09-30/polymorphic-billing-cycle-anchor
test('an anchor is changed by an object, and in an older version by a word', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await subscribe(stripe)
  const word = { billing_cycle_anchor: 'now' } as object
  const object = { billing_cycle_anchor: { type: 'now' } } as const
  const older = { apiVersion: '2026-08-26.dahlia' }
  expect(await refusal(stripe.subscriptions.update(id, word))).toMatchObject({ status: 400 })
  await stripe.subscriptions.update(id, object)
  await stripe.subscriptions.update(id, word, older)
  const preview = (subscription_details: object, options = {}): Promise<unknown> =>
    stripe.invoices.createPreview({ subscription: id, subscription_details }, options)
  expect(await refusal(preview(word))).toMatchObject({ status: 400 })
  await preview(object)
  await preview(word, older)
})

// Source: https://docs.stripe.com/api/expanding_objects
describe('expanding', () => {
  test('reaches into lists and four levels down', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { customer } = await subscribe(stripe)
    const expand = [
      'data.latest_invoice.payments.data.payment.payment_intent',
      'data.items.data.price.product',
    ]
    const [found] = (await stripe.subscriptions.list({ customer: customer as string, expand })).data
    expect(found).toMatchObject({
      items: { data: [{ price: { product: { name: '支援プラン' } } }] },
      latest_invoice: { payments: { data: [{ payment: { payment_intent: { amount: 1980 } } }] } },
    })
  })

  test.each([
    'latest_invoice.payment_intent',
    'latest_invoice.charge',
    'status',
    'colour',
    'customer.default_source.customer.default_source.customer',
  ])('refuses %s', async (path) => {
    await using open = await openStripe()
    const { stripe } = open
    const { id } = await subscribe(stripe)
    expect(await refusal(stripe.subscriptions.retrieve(id, { expand: [path] }))).toMatchObject({
      param: 'expand',
      status: 400,
    })
  })
})
