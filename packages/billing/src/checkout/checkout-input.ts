import { expectLine, expectObject, expectOneOf, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import { type CustomerDetails, expectDetails } from '../customers/customer-input.ts'
import { expectMetadata, expectUrl } from '../expect.ts'
import { expectAnyQuantity, type Quantity } from '../subscriptions/plan-change.ts'

/** Parameters of a session that follow from the rest of {@link CheckoutInput}. */
type OwnParameter =
  | 'mode'
  | 'ui_mode'
  | 'customer'
  | 'customer_email'
  | 'customer_creation'
  | 'client_reference_id'
  | 'line_items'
  | 'success_url'
  | 'cancel_url'
  | 'return_url'
  | 'locale'
  | 'metadata'

/**
 * Stripe's own parameters of a session: taxes, promotion codes, a checkout without a card. They are sent as
 * they are.
 *
 * @see https://docs.stripe.com/api/checkout/sessions/create
 */
export type NativeCheckout = Omit<
  Stripe.Checkout.SessionCreateParams,
  OwnParameter | 'subscription_data'
> & {
  readonly subscription_data?: Omit<
    Stripe.Checkout.SessionCreateParams.SubscriptionData,
    'metadata' | 'trial_end' | 'trial_period_days'
  >
}

/** What a checkout does when the reference has a subscription already. */
export type WhenSubscribed = 'refuse' | 'change'

/** For {@link Billing.checkout}. */
export interface CheckoutInput {
  /** A recurring price: `price_…`. */
  readonly price: string
  /** @default 1 */
  readonly quantity?: Quantity | undefined
  /** The payer, if that customer may not have been made yet. @default the reference must be known */
  readonly customer?: CustomerDetails | undefined
  /** Where to go after; `{CHECKOUT_SESSION_ID}` in it is filled in by Stripe. */
  readonly successUrl: string
  readonly cancelUrl?: string | undefined
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
  /** Kept on the session and on the subscription: up to 47 keys of 40 characters with values of 500. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /**
   * What to do when there is a subscription already: `'refuse'` with `'already_subscribed'`, or `'change'`
   * its price and quantity to these, without a page. An end that is planned is taken back then.
   *
   * @default 'refuse'
   */
  readonly whenSubscribed?: WhenSubscribed | undefined
  /** Stripe's own parameters beside these. */
  readonly native?: NativeCheckout | undefined
}

const CHECKOUT = Object.keys({
  price: true,
  quantity: true,
  customer: true,
  successUrl: true,
  cancelUrl: true,
  locale: true,
  metadata: true,
  whenSubscribed: true,
  native: true,
} satisfies Record<keyof CheckoutInput, true>)

const OWN: Readonly<Record<OwnParameter, string>> = {
  mode: 'nothing: it is always a subscription',
  ui_mode: 'nothing: it is always a hosted page',
  customer: 'customer',
  customer_email: 'customer',
  customer_creation: 'customer',
  client_reference_id: 'the reference',
  line_items: 'price and quantity',
  success_url: 'successUrl',
  cancel_url: 'cancelUrl',
  return_url: 'successUrl',
  locale: 'locale',
  metadata: 'metadata',
}

/** Stripe takes up to 50 keys; the reference, the app and the checkout are ours. */
const MAX_KEYS = 47

/** Throws unless it is a {@link CheckoutInput}. */
export function expectCheckout(input: CheckoutInput): void {
  expectObject('input', input)
  expectOptions(input, CHECKOUT, 'billing.checkout')
  expectLine('price', input.price, 200)
  expectAnyQuantity(input.quantity)
  if (input.customer !== undefined) expectDetails('customer', input.customer)
  expectUrl('successUrl', input.successUrl)
  if (input.cancelUrl !== undefined) expectUrl('cancelUrl', input.cancelUrl)
  if (input.locale !== undefined) expectLine('locale', input.locale, 10)
  expectMetadata('metadata', input.metadata, MAX_KEYS)
  if (input.whenSubscribed !== undefined) {
    expectOneOf('whenSubscribed', input.whenSubscribed, ['refuse', 'change'])
  }
  if (input.native !== undefined) expectNative(input.native)
}

function expectNative(native: NativeCheckout): void {
  expectObject('native', native)
  for (const [name, instead] of Object.entries(OWN)) {
    if (!Object.hasOwn(native, name)) continue
    throw new TypeError(`Expected native without ${name}, which follows from ${instead}`)
  }
  const { subscription_data: data } = native
  if (data === undefined) return
  expectObject('native.subscription_data', data)
  if (Object.hasOwn(data, 'metadata')) {
    throw new TypeError('Expected metadata beside native, got it in native.subscription_data')
  }
  if (!Object.hasOwn(data, 'trial_end') && !Object.hasOwn(data, 'trial_period_days')) return
  throw new TypeError(
    "Expected a trial as createBilling's option, so that there is one for each reference; got one in native.subscription_data",
  )
}
