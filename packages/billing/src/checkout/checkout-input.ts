import {
  expected,
  expectInteger,
  expectLine,
  expectObject,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import {
  type CustomerDetails,
  expectDetails,
  expectReference,
} from '../customers/customer-input.ts'
import { expectMetadata, expectUrl } from '../expect.ts'

/** Either of the two, or neither. */
export type TrialInput =
  | {
      /** 1 to 730 days from the completion of the checkout. */
      readonly trialPeriodDays?: number | undefined
      readonly trialEnd?: never
    }
  | {
      readonly trialPeriodDays?: never
      /**
       * At least 48 hours ahead. Give the same moment when you repeat the attempt: one that moves with
       * the clock is another request, and refused as `'idempotency_conflict'`.
       */
      readonly trialEnd?: Date | undefined
    }

/** For {@link Billing.createCheckout}. */
export type CheckoutInput = TrialInput & {
  /** The app's own id of the payer. */
  readonly reference: string
  /**
   * The attempt: the same for each repeat of one, another for the next; 1 to 200 characters. An id of the
   * form that was sent, say.
   */
  readonly attemptKey: string
  /** A recurring price: `price_…`. */
  readonly priceId: string
  /** 1 to 1,000,000. @default 1 */
  readonly quantity?: number | undefined
  /** The payer, if that customer may not have been made yet. @default the reference must be known */
  readonly customer?: CustomerDetails | undefined
  /** Where to go after; `{CHECKOUT_SESSION_ID}` in it is filled in by Stripe. */
  readonly successUrl: string
  readonly cancelUrl?: string | undefined
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
  /** Kept on the session and on the subscription. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

const CHECKOUT = Object.keys({
  reference: true,
  attemptKey: true,
  priceId: true,
  quantity: true,
  customer: true,
  successUrl: true,
  cancelUrl: true,
  locale: true,
  metadata: true,
  trialPeriodDays: true,
  trialEnd: true,
} satisfies Record<keyof CheckoutInput, true>)

/** Throws unless it is a {@link CheckoutInput}. */
export function expectCheckout(input: CheckoutInput): void {
  expectObject('input', input)
  expectOptions(input, CHECKOUT, 'billing.createCheckout')
  expectReference(input.reference)
  expectLine('attemptKey', input.attemptKey, 200)
  expectLine('priceId', input.priceId, 200)
  if (input.quantity !== undefined) expectInteger('quantity', input.quantity, 1, 1_000_000)
  if (input.customer !== undefined) expectDetails('customer', input.customer)
  expectUrl('successUrl', input.successUrl)
  if (input.cancelUrl !== undefined) expectUrl('cancelUrl', input.cancelUrl)
  if (input.locale !== undefined) expectLine('locale', input.locale, 10)
  expectMetadata('metadata', input.metadata)
  const { trialPeriodDays, trialEnd } = input as { trialPeriodDays?: unknown; trialEnd?: unknown }
  if (trialPeriodDays !== undefined && trialEnd !== undefined) {
    throw new TypeError('Expected trialPeriodDays or trialEnd, got both')
  }
  if (trialPeriodDays !== undefined) expectInteger('trialPeriodDays', trialPeriodDays, 1, 730)
  if (trialEnd === undefined) return
  if (trialEnd instanceof Date && !Number.isNaN(trialEnd.getTime())) return
  throw expected('trialEnd to be a valid Date', trialEnd)
}
