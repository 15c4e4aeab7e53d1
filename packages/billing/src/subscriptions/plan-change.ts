import {
  expected,
  expectInteger,
  expectLine,
  expectObject,
  expectOneOf,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { nativeParameters } from '../stripe/native-parameters.ts'

/** How a change in the middle of a period is charged. @see https://docs.stripe.com/billing/subscriptions/prorations */
export type Proration = 'create_prorations' | 'always_invoice' | 'none'

/** For {@link Billing.changePlan}. */
export interface PlanChange {
  /** A recurring price: `price_…`. */
  readonly price: string
  /** 1 to 1,000,000. @default the one it has */
  readonly quantity?: number | undefined
  /** @default 'create_prorations' */
  readonly proration?: Proration | undefined
  /** From when the proration counts: {@link PlanPreview.prorationDate} for what was previewed. @default now */
  readonly prorationDate?: Date | undefined
  /** Stripe's own parameters, over ours. */
  readonly native?: Stripe.SubscriptionUpdateParams | undefined
}

/** What a change would cost. Amounts are in the currency's smallest unit. */
export interface PlanPreview {
  /** What the next invoice would come to. */
  readonly amountDue: number
  readonly currency: string
  /** Give it to {@link Billing.changePlan}, so that the change costs what was previewed. */
  readonly prorationDate: Date
  readonly native: Stripe.Invoice
}

/** What is to be changed, of {@link PlanChange}; without a price it stays. */
export type Change = Omit<PlanChange, 'price'> & { readonly price?: string | undefined }

const CHANGE = Object.keys({
  price: true,
  quantity: true,
  proration: true,
  prorationDate: true,
  native: true,
} satisfies Record<keyof PlanChange, true>)

/** Throws unless it is a {@link PlanChange}. */
export function expectChange(operation: string, change: PlanChange): void {
  expectObject('change', change)
  expectOptions(change, CHANGE, `billing.${operation}`)
  expectLine('price', change.price, 200)
  if (change.quantity !== undefined) expectQuantity(change.quantity)
  expectProration(change.proration)
  if (change.prorationDate !== undefined) expectDate('prorationDate', change.prorationDate)
  if (change.native !== undefined) expectObject('native', change.native)
}

/** Throws unless Stripe takes it as a quantity. */
export function expectQuantity(value: unknown): void {
  expectInteger('quantity', value, 1, 1_000_000)
}

/** Throws unless it is a {@link Proration}, or none. */
export function expectProration(value: unknown): void {
  if (value === undefined) return
  expectOneOf('proration', value, ['create_prorations', 'always_invoice', 'none'])
}

/** Throws unless it is a moment. */
export function expectDate(name: string, value: unknown): void {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return
  throw expected(`${name} to be a valid Date`, value)
}

/** What is sent to change a subscription; `undefined` when it is so already. */
export function changeParameters(
  operation: string,
  subscription: Stripe.Subscription,
  { price, quantity, proration, prorationDate, ...change }: Change,
): Stripe.SubscriptionUpdateParams | undefined {
  const native = nativeParameters(change.native)
  const [item, second] = subscription.items.data
  if (native.items === undefined && (item === undefined || second !== undefined)) {
    throw severalItems(operation)
  }
  const isSo =
    (price === undefined || item?.price.id === price) &&
    (quantity === undefined || item?.quantity === quantity)
  if (isSo && Object.keys(native).length === 0) return undefined
  const changed = {
    id: item?.id ?? '',
    ...(price === undefined ? {} : { price }),
    ...quantityOf(item, price, quantity),
  }
  return {
    items: [changed],
    ...(proration === undefined ? {} : { proration_behavior: proration }),
    ...(prorationDate === undefined
      ? {}
      : { proration_date: Math.floor(prorationDate.getTime() / 1_000) }),
    ...native,
  }
}

/**
 * With another price Stripe sets the quantity to 1, unless it is told which: the one there is stays. One is not named,
 * as a metered price takes none.
 *
 * @see https://docs.stripe.com/api/subscriptions/update
 */
function quantityOf(
  item: Stripe.SubscriptionItem | undefined,
  price: string | undefined,
  quantity: number | undefined,
): { readonly quantity?: number } {
  if (quantity !== undefined) return { quantity }
  const { quantity: current = 1 } = item ?? {}
  return price === undefined || current === 1 ? {} : { quantity: current }
}

function severalItems(operation: string): BillingError {
  return new BillingError(
    `${operation} found a subscription of several prices, or of none: say in native.items which one is to change`,
    { operation, code: 'unsupported', retryable: false, outcome: 'none' },
  )
}
