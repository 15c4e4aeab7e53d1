import type { StripePaymentMethod } from '../core/payment-objects.ts'
import type { StripeService } from '../core/service.ts'
import { numberOf } from './payment-method.ts'
import { cardOf, type Decline } from './test-cards.ts'

/** What a bank answers. */
export type Verdict =
  | { readonly kind: 'declined'; readonly decline: Decline }
  | { readonly kind: 'requires_action' }
  | { readonly kind: 'succeeded' }

/** How a payment is asked for. */
export interface Asking {
  /** Nobody is there to confirm it. */
  readonly isOffSession: boolean
  /** Somebody has confirmed it just now. */
  readonly isAuthenticated?: boolean
}

export const authenticationRequired: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
}

export const authenticationFailed: Decline = {
  code: 'payment_intent_authentication_failure',
  declineCode: 'authentication_failure',
  message:
    'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
}

/** Asks the card for money. Source: https://docs.stripe.com/testing#regulatory-cards */
export function charge(
  service: StripeService,
  method: StripePaymentMethod,
  asking: Asking,
): Verdict {
  const { authentication, onCharge } = cardOf(numberOf(service, method.id))
  if (!asking.isAuthenticated && needsPerson(service, method, authentication, asking)) {
    return { kind: 'requires_action' }
  }
  return onCharge ? { kind: 'declined', decline: onCharge } : { kind: 'succeeded' }
}

function needsPerson(
  service: StripeService,
  method: StripePaymentMethod,
  authentication: 'always' | 'on_session' | 'unless_set_up' | undefined,
  asking: Asking,
): boolean {
  if (authentication === undefined) return false
  if (authentication === 'always') return true
  if (authentication === 'on_session') return !asking.isOffSession
  return !(asking.isOffSession && service.state.cards[method.id]?.isSetUp === true)
}

/** Whether saving the card asks its owner to confirm. */
export function setupNeedsPerson(service: StripeService, method: StripePaymentMethod): boolean {
  return cardOf(numberOf(service, method.id)).authentication !== undefined
}
