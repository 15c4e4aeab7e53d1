import type { Stripe } from 'stripe'
import type { Billing } from '../src/billing.ts'

/** A monthly price in yen. */
export async function makePrice(
  { client }: Pick<Billing, 'client'>,
  amount = 1_980,
): Promise<Stripe.Price> {
  return await client.prices.create({
    currency: 'jpy',
    product_data: { name: '支援プラン' },
    recurring: { interval: 'month' },
    unit_amount: amount,
  })
}
