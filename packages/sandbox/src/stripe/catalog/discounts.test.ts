import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import {
  customerWith,
  openCheckout,
  openStripeAt,
  refusal,
  subscribe,
} from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/billing/subscriptions/coupons
describe('a coupon', () => {
  test.each([
    [{ duration: 'once', percent_off: 50 }, [990, 1980, 1980]],
    [{ duration: 'repeating', duration_in_months: 2, percent_off: 33.3 }, [1321, 1321, 1980]],
    [{ duration: 'forever', amount_off: 500, currency: 'jpy' }, [1480, 1480, 1480]],
    [{ duration: 'forever', amount_off: 5000, currency: 'jpy' }, [0, 0, 0]],
  ] as const)('of %o leaves %o to pay', async (params, expected) => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id: coupon } = await stripe.coupons.create(params)
    const { customer } = await subscribe(stripe, { discounts: [{ coupon }] })
    await open.moveTo('2026-03-02T00:00:00Z')
    const mine = server.invoices().filter((invoice) => invoice.customer === customer)
    expect(mine.map(({ amount_paid }) => amount_paid)).toEqual(expected)
  })

  test('is redeemed so many times, and until its day', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const once = await stripe.coupons.create({
      duration: 'once',
      max_redemptions: 1,
      percent_off: 10,
    })
    const dated = await stripe.coupons.create({
      duration: 'once',
      percent_off: 10,
      redeem_by: open.now() + 60,
    })
    await subscribe(stripe, { discounts: [{ coupon: once.id }] })
    expect(await stripe.coupons.retrieve(once.id)).toMatchObject({
      times_redeemed: 1,
      valid: false,
    })
    expect(await refusal(subscribe(stripe, { discounts: [{ coupon: once.id }] }))).toMatchObject({
      code: 'coupon_expired',
    })
    await open.pass(1)
    expect(await refusal(subscribe(stripe, { discounts: [{ coupon: dated.id }] }))).toMatchObject({
      code: 'coupon_expired',
    })
  })

  test('says one amount, with its currency', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    expect(await refusal(stripe.coupons.create({}))).toMatchObject({ status: 400 })
    expect(await refusal(stripe.coupons.create({ amount_off: 5 }))).toMatchObject({
      param: 'currency',
    })
    expect(await refusal(stripe.coupons.create({ percent_off: 101 }))).toMatchObject({
      param: 'percent_off',
    })
    expect(
      await refusal(stripe.coupons.create({ duration: 'repeating', percent_off: 5 })),
    ).toMatchObject({
      param: 'duration_in_months',
    })
  })
})

// Source: https://docs.stripe.com/payments/checkout/discounts
describe('a promotion code', () => {
  test('is typed into the hosted page where it is allowed', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { server, stripe } = open
    const { id: coupon } = await stripe.coupons.create({ duration: 'once', percent_off: 100 })
    await stripe.promotionCodes.create({ code: 'FREE1', promotion: { coupon, type: 'coupon' } })
    const change = { allow_promotion_codes: true, customer_email: 'a@b.jp' } as const
    const session = await openCheckout(stripe, change)
    expect(await (await fetch(session.url ?? '')).text()).toContain('promotion_code')
    await expect(server.completeCheckout(session.id, { promotionCode: 'NONE' })).rejects.toThrow(
      'invalid',
    )
    const done = await server.completeCheckout(session.id, { promotionCode: 'free1' })
    expect(done).toMatchObject({ amount_total: 0, total_details: { amount_discount: 1980 } })
    const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(
      done.subscription ?? '',
      {
        expand: ['latest_invoice', 'discounts'],
      },
    )
    expect(invoice as Stripe.Invoice).toMatchObject({ amount_due: 0, subtotal: 1980, total: 0 })
    const [code] = (await stripe.promotionCodes.list({ code: 'FREE1' })).data
    expect(code?.times_redeemed).toBe(1)
  })

  test('may be one customer’s, inactive or used up', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const { id: coupon } = await stripe.coupons.create({ duration: 'once', percent_off: 10 })
    const promotion = { coupon, type: 'coupon' } as const
    const { id: owner } = await customerWith(stripe)
    const own = await stripe.promotionCodes.create({ code: 'MINE', customer: owner, promotion })
    const use = (promotion_code: string, customer?: string): Promise<unknown> =>
      subscribe(stripe, {
        discounts: [{ promotion_code }],
        ...(customer === undefined ? {} : { customer }),
      })
    expect(await refusal(use(own.id))).toMatchObject({ status: 400 })
    await use(own.id, owner)
    await stripe.promotionCodes.update(own.id, { active: false })
    expect(await refusal(use(own.id, owner))).toMatchObject({ code: 'promotion_code_expired' })
    const taken = await stripe.promotionCodes.create({ code: 'TWICE', promotion })
    expect(taken.active).toBe(true)
    expect(await refusal(stripe.promotionCodes.create({ code: 'twice', promotion }))).toMatchObject(
      {
        code: 'resource_already_exists',
      },
    )
  })
})
