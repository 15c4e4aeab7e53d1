import type { JsonObject } from '../../json.ts'
import { newId } from '../core/id.ts'
import type { Metadata } from '../core/objects.ts'
import type { StripePaymentIntent, StripePaymentMethod } from '../core/payment-objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { type Asking, authenticationFailed, charge, type Verdict } from './attempt.ts'
import { disputeOf, recordCharge } from './charges.ts'
import { openDispute } from './disputes.ts'
import type { Decline } from './test-cards.ts'

export interface IntentInput {
  readonly amount: number
  readonly currency: string
  readonly customer: string | null
  readonly captureMethod?: 'automatic' | 'automatic_async' | 'manual' | undefined
  readonly description?: string | null | undefined
  readonly metadata?: Metadata | undefined
  readonly setupFutureUsage?: 'off_session' | 'on_session' | null | undefined
  readonly receiptEmail?: string | null | undefined
}

/** A new intent, which nothing pays yet. */
export function createIntent(service: StripeService, input: IntentInput): StripePaymentIntent {
  const id = newId('pi')
  const intent: StripePaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: input.captureMethod ?? 'automatic_async',
    client_secret: `${id}_secret_${newId('s', 25).slice(2)}`,
    confirmation_method: 'automatic',
    created: nowOf(service, input.customer),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic',
      },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: input.receiptEmail ?? null,
    review: null,
    setup_future_usage: input.setupFutureUsage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
  service.state.paymentIntents[id] = intent
  service.emit('payment_intent.created', intent)
  return intent
}

/** Asks the card once, and leaves the intent as Stripe would. */
export function confirmIntent(
  service: StripeService,
  intent: StripePaymentIntent,
  method: StripePaymentMethod,
  asking: Asking,
): Verdict {
  intent.payment_method = method.id
  const verdict = charge(service, method, asking)
  if (verdict.kind === 'requires_action') {
    intent.status = 'requires_action'
    intent['last_payment_error'] = null
    intent['next_action'] = {
      type: 'use_stripe_sdk',
      use_stripe_sdk: {
        type: 'three_d_secure_redirect',
        stripe_js: `${service.url}/3ds/${intent.id}`,
      },
    }
    service.emit('payment_intent.requires_action', intent)
  } else if (verdict.kind === 'declined') failIntent(service, intent, method, verdict.decline)
  else succeed(service, intent, method, asking)
  return verdict
}

/** The intent is back where it needs another card. */
export function failIntent(
  service: StripeService,
  intent: StripePaymentIntent,
  method: StripePaymentMethod,
  decline: Decline,
): void {
  const isBank = decline !== authenticationFailed
  const made = isBank
    ? recordCharge(service, intent, method, { decline, isCaptured: false })
    : undefined
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent['next_action'] = null
  if (made) intent.latest_charge = made.id
  intent['last_payment_error'] = paymentError(decline, method, made?.id)
  service.emit('payment_intent.payment_failed', intent)
}

/** The error of a declined card, as an intent keeps it. */
export function paymentError(
  { code, declineCode, message }: Decline,
  method: StripePaymentMethod,
  chargeId?: string,
): JsonObject {
  return {
    ...(chargeId === undefined ? {} : { charge: chargeId }),
    code,
    ...(code === 'card_declined' || code === 'authentication_required'
      ? { decline_code: declineCode }
      : {}),
    doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`,
    message,
    payment_method: structuredClone(method),
    type: code === 'payment_intent_authentication_failure' ? 'invalid_request_error' : 'card_error',
  }
}

function succeed(
  service: StripeService,
  intent: StripePaymentIntent,
  method: StripePaymentMethod,
  asking: Asking,
): void {
  const isCaptured = intent['capture_method'] !== 'manual'
  intent['next_action'] = null
  intent['last_payment_error'] = null
  const made = recordCharge(service, intent, method, { isCaptured })
  intent.latest_charge = made.id
  if (isCaptured) {
    intent.status = 'succeeded'
    intent.amount_received = intent.amount
  } else {
    intent.status = 'requires_capture'
    intent['amount_capturable'] = intent.amount
  }
  const card = service.state.cards[method.id]
  if (card && intent.setup_future_usage === 'off_session' && !asking.isOffSession) {
    card.isSetUp = true
  }
  service.emit(
    isCaptured ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated',
    intent,
  )
  const dispute = disputeOf(service, method.id)
  if (dispute) openDispute(service, made, dispute)
}

/** No payment will come of it any more. */
export function cancelIntent(
  service: StripeService,
  intent: StripePaymentIntent,
  reason: string | null,
): void {
  intent.status = 'canceled'
  intent['canceled_at'] = nowOf(service, intent.customer)
  intent['cancellation_reason'] = reason
  intent['next_action'] = null
  service.emit('payment_intent.canceled', intent)
}
