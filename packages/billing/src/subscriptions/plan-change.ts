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

/** How many of a price: 1 to 1,000,000; `'metered'` for one that is billed by usage, which takes no quantity. */
export type Quantity = number | 'metered'

/** For {@link Billing.changePlan}. */
export interface PlanChange {
  /** A recurring price: `price_…`. */
  readonly price: string
  /** @default the one it has */
  readonly quantity?: Quantity | undefined
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
  expectAnyQuantity(change.quantity)
  expectProration(change.proration)
  if (change.prorationDate !== undefined) expectDate('prorationDate', change.prorationDate)
  if (change.native !== undefined) expectObject('native', change.native)
}

/** Throws unless Stripe takes it as a quantity. */
export function expectQuantity(value: unknown): void {
  expectInteger('quantity', value, 1, 1_000_000)
}

/** Throws unless it is a {@link Quantity}, or none. */
export function expectAnyQuantity(value: unknown): void {
  if (value !== undefined && value !== 'metered') expectQuantity(value)
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
    (quantity === undefined || item?.quantity === numberOf(quantity))
  if (isSo && Object.keys(native).length === 0) return undefined
  if (subscription.status === 'incomplete') throw unpaid(operation)
  const changed = {
    id: item?.id ?? '',
    ...(price === undefined ? {} : { price }),
    ...quantityOf(item, price, quantity),
  }
  return {
    items: [changed],
    ...(proration === undefined ? {} : { proration_behavior: proration }),
    // A period that begins now has nothing to count from another date, which Stripe refuses.
    ...(prorationDate === undefined || beginsNow(native)
      ? {}
      : { proration_date: Math.floor(prorationDate.getTime() / 1_000) }),
    ...native,
  }
}

/** Whether a new period begins with the change; versions before 2026-09-30 have the word itself. */
function beginsNow({ billing_cycle_anchor: anchor }: Stripe.SubscriptionUpdateParams): boolean {
  return (anchor as unknown) === 'now' || anchor?.type === 'now'
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
  quantity: Quantity | undefined,
): { readonly quantity?: number } {
  if (quantity === 'metered') return {}
  if (quantity !== undefined) return { quantity }
  const { quantity: current = 1 } = item ?? {}
  return price === undefined || current === 1 ? {} : { quantity: current }
}

function numberOf(quantity: Quantity): number | undefined {
  return quantity === 'metered' ? undefined : quantity
}

/** Stripe refuses it too, and its first invoice would not say what is paid for. */
function unpaid(operation: string): BillingError {
  return new BillingError(
    `${operation} found a subscription that waits for its first payment: pay or cancel that one before`,
    { operation, code: 'unsupported', retryable: false, outcome: 'none' },
  )
}

function severalItems(operation: string): BillingError {
  return new BillingError(
    `${operation} found a subscription of several prices, or of none: say in native.items which one is to change`,
    { operation, code: 'unsupported', retryable: false, outcome: 'none' },
  )
}
