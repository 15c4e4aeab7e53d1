import type { Billing } from '@yuzuru/billing'
import { detached } from '@yuzuru/concurrency'
import type { Text } from '../web/language.ts'

/** The product that the office pays for. Its features do not depend on which of its prices is paid. */
export const PRODUCT_ID = 'keikaku_standard'

/** The plans that can be bought. */
export const PLANS = {
  month: { yen: 5_500, text: { ja: '月額', en: 'a month' } },
  year: { yen: 55_000, text: { ja: '年額', en: 'a year' } },
} as const satisfies Readonly<Record<string, { readonly yen: number; readonly text: Text }>>

export type PlanName = keyof typeof PLANS

export const PLAN_NAMES: readonly PlanName[] = ['month', 'year']

/** The ids of the prices. */
export type PlanPrices = Readonly<Record<PlanName, string>>

const known = new WeakMap<object, Promise<PlanPrices>>()

/** The prices. They and their product are created on first use. */
export function planPrices<Tx>(billing: Billing<Tx>): Promise<PlanPrices> {
  const found = known.get(billing)
  if (found !== undefined) return found
  // Shared by all requests, so it must not end with the first that happened to need it.
  const prices = detached(() => ensurePrices(billing))
  known.set(billing, prices)
  prices.catch(() => known.delete(billing))
  return prices
}

async function ensurePrices<Tx>({ client: stripe }: Billing<Tx>): Promise<PlanPrices> {
  const keys = new Map(PLAN_NAMES.map((name) => [`keikaku_${name}`, name]))
  const { data } = await stripe.prices.list({ lookup_keys: [...keys.keys()], active: true })
  const prices: Partial<Record<PlanName, string>> = {}
  for (const { lookup_key: key, id } of data) {
    const name = keys.get(key ?? '')
    if (name !== undefined) prices[name] = id
  }
  if (prices.month === undefined || prices.year === undefined) {
    await stripe.products.create(
      { id: PRODUCT_ID, name: 'けいかくん スタンダード' },
      { idempotencyKey: `product ${PRODUCT_ID}` },
    )
  }
  const { month = await make(stripe, 'month'), year = await make(stripe, 'year') } = prices
  return { month, year }
}

async function make(stripe: Billing['client'], interval: PlanName): Promise<string> {
  const { id } = await stripe.prices.create(
    {
      product: PRODUCT_ID,
      currency: 'jpy',
      lookup_key: `keikaku_${interval}`,
      unit_amount: PLANS[interval].yen,
      recurring: { interval },
    },
    { idempotencyKey: `${interval} price of ${PRODUCT_ID}` },
  )
  return id
}
