import { expect, test } from 'vitest'
import { openStripeAt, refusal, subscribe } from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/api/coupons/delete ("does not affect any customers who have already applied the coupon")
test('a coupon that is deleted goes on for whoever has it, and for nobody else', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { server, stripe } = open
  const { id: coupon } = await stripe.coupons.create({
    duration: 'repeating',
    duration_in_months: 2,
    percent_off: 50,
  })
  await subscribe(stripe, { discounts: [{ coupon }] })
  await stripe.coupons.del(coupon)
  await open.moveTo('2026-03-01T02:00:00Z')
  expect(server.invoices().map(({ total }) => total)).toEqual([990, 990, 1980])
  expect(await refusal(subscribe(stripe, { discounts: [{ coupon }] }))).toMatchObject({
    code: 'resource_missing',
    param: 'discounts[0][coupon]',
  })
})
