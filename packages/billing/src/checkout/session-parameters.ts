import { createHash } from 'node:crypto'
import type { Stripe } from 'stripe'
import { namedReference } from '../customers/named-reference.ts'
import { nativeParameters } from '../stripe/native-parameters.ts'
import type { CheckoutInput, NativeCheckout } from './checkout-input.ts'

/** The metadata of a session that names the claim for which it was opened. */
export const CLAIM_KEY = 'yuzuru_checkout'

/** A digest of what is asked for, and for which customer: it does not move with the clock. */
export function askedOf(input: CheckoutInput, customerId: string): string {
  const { customer: _, whenSubscribed: __, quantity = 1, native, ...asked } = input
  return createHash('sha256')
    .update(
      JSON.stringify(
        [customerId, { ...asked, quantity, native: nativeParameters(native) }],
        sorted,
      ),
    )
    .digest('hex')
}

/** Two objects with the same fields are the same, in whatever order. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** What is sent to open a session. */
export function sessionParameters(
  input: CheckoutInput,
  to: {
    readonly app: string | undefined
    readonly reference: string
    readonly customerId: string
    readonly idempotencyKey: string
    /** In seconds since 1970. */
    readonly trialEnd: number | undefined
  },
): Stripe.Checkout.SessionCreateParams {
  const { price, quantity = 1, native = {}, locale, cancelUrl } = input
  const metadata = { ...input.metadata, ...namedReference(to.app, to.reference) }
  const { trialEnd } = to
  return {
    ...native,
    ...customerUpdate(native),
    mode: 'subscription',
    customer: to.customerId,
    client_reference_id: to.reference,
    line_items: [quantity === 'metered' ? { price } : { price, quantity }],
    success_url: input.successUrl,
    ...(cancelUrl === undefined ? {} : { cancel_url: cancelUrl }),
    ...(locale === undefined ? {} : { locale }),
    metadata: { ...metadata, [CLAIM_KEY]: to.idempotencyKey },
    subscription_data: {
      ...native.subscription_data,
      metadata,
      ...(trialEnd === undefined ? {} : { trial_end: trialEnd }),
    },
  }
}

/**
 * Stripe collects a tax id of a customer that there is already, as here, only if the name of the business becomes the
 * customer's.
 *
 * @see https://docs.stripe.com/tax/checkout/tax-ids
 */
function customerUpdate({
  customer_update: update,
  tax_id_collection: tax,
}: NativeCheckout): Pick<NativeCheckout, 'customer_update'> {
  if (tax?.enabled !== true || update?.name !== undefined) return {}
  return { customer_update: { ...update, name: 'auto' } }
}
