import type { Billing } from '@yuzuru/billing'
import { detached } from '@yuzuru/concurrency'

const PRODUCT_ID = 'keikaku_standard'
/** What the office pays. */
export const YEN_A_MONTH = 5_500

const known = new WeakMap<Billing, Promise<string>>()

/** The id of the monthly price; it and its product are made when they are not there yet. */
export function monthlyPrice(billing: Billing): Promise<string> {
  const found = known.get(billing)
  if (found !== undefined) return found
  // Shared by all requests, so it must not end with the first that happened to need it.
  const price = detached(() => ensurePrice(billing))
  known.set(billing, price)
  price.catch(() => known.delete(billing))
  return price
}

async function ensurePrice({ client: stripe }: Billing): Promise<string> {
  const { data } = await stripe.prices.list({ product: PRODUCT_ID, active: true, limit: 1 })
  const [price] = data
  if (price !== undefined) return price.id
  await stripe.products.create(
    { id: PRODUCT_ID, name: 'けいかくん スタンダード' },
    { idempotencyKey: `product ${PRODUCT_ID}` },
  )
  const made = await stripe.prices.create(
    {
      product: PRODUCT_ID,
      currency: 'jpy',
      unit_amount: YEN_A_MONTH,
      recurring: { interval: 'month' },
    },
    { idempotencyKey: `price of ${PRODUCT_ID}` },
  )
  return made.id
}
