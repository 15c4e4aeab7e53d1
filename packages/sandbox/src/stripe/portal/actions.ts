import { invalid, StripeFailure } from '../api/error.ts'
import type { StripeSubscription } from '../core/objects.ts'
import { change, find, type StripeService } from '../core/service.ts'
import { attach, createPaymentMethod } from '../payments/payment-method.ts'
import { cardOf, isCardNumber } from '../payments/test-cards.ts'
import { maxPeriodEnd } from '../subscriptions/cancel-at.ts'
import { endNow } from '../subscriptions/end-now.ts'
import { updateSubscription } from '../subscriptions/update.ts'
import type { PortalFeatures } from './configuration.ts'

/**
 * Cancels at once where the configuration says so, else at the end of the period: in flexible mode by `cancel_at`, in classic mode by
 * `cancel_at_period_end`. Source: https://docs.stripe.com/billing/subscriptions/billing-mode/compare
 */
export function cancelInPortal(
  service: StripeService,
  subscription: StripeSubscription,
  { subscription_cancel: cancel }: PortalFeatures,
): void {
  if (cancel.mode === 'immediately') {
    endNow(service, subscription, { details: {}, isInvoiced: false, isProrated: false })
    return
  }
  const isFlexible = subscription.billing_mode.type === 'flexible'
  updateSubscription(
    service,
    subscription,
    isFlexible ? { cancel_at: maxPeriodEnd(subscription) } : { cancel_at_period_end: true },
  )
}

/**
 * Gives it another price, of those that the configuration offers.
 *
 * @throws StripeFailure 400 for another one
 */
export function updateInPortal(
  service: StripeService,
  subscription: StripeSubscription,
  price: string,
  { subscription_update: update }: PortalFeatures,
): void {
  const isOffered = update.products?.some(({ prices }) => prices.includes(price)) ?? true
  if (!isOffered) throw invalid('The price is not offered by the portal configuration.', 'price')
  const id = subscription.items.data[0]?.id ?? ''
  updateSubscription(service, subscription, {
    items: [{ id, price }],
    proration_behavior: update.proration_behavior,
  })
}

/** Takes a planned end back, however it was planned. */
export function keepInPortal(service: StripeService, subscription: StripeSubscription): void {
  updateSubscription(
    service,
    subscription,
    subscription.cancel_at_period_end ? { cancel_at_period_end: false } : { cancel_at: null },
  )
}

/**
 * Makes a card the customer's default, and that of its subscriptions.
 *
 * @throws StripeFailure 402 for a card that can't be saved
 */
export function saveCard(service: StripeService, customerId: string, typed: string): void {
  const number = typed.replaceAll(/[\s-]/g, '')
  if (!isCardNumber(number)) {
    throw new StripeFailure(402, 'Your card number is invalid.', {
      type: 'card_error',
      code: 'invalid_number',
    })
  }
  const { onAttach } = cardOf(number)
  if (onAttach) {
    throw new StripeFailure(402, onAttach.message, { type: 'card_error', code: onAttach.code })
  }
  const customer = find(service.state.customers, 'customer', customerId)
  const method = attach(
    service,
    createPaymentMethod(service, number, { customer: customerId }),
    customerId,
  )
  const card = service.state.cards[method.id]
  if (card) card.isSetUp = true
  change(service, 'customer.updated', customer, () => {
    customer.invoice_settings.default_payment_method = method.id
  })
  for (const subscription of Object.values(service.state.subscriptions)) {
    if (subscription.customer !== customerId || subscription.default_payment_method === null)
      continue
    change(service, 'customer.subscription.updated', subscription, () => {
      subscription.default_payment_method = method.id
    })
  }
}
