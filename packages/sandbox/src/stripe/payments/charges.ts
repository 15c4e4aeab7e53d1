import type { Json, JsonObject } from '../../json.ts'
import { newId } from '../core/id.ts'
import type {
  StripeCharge,
  StripePaymentIntent,
  StripePaymentMethod,
} from '../core/payment-objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { book } from './balance.ts'
import { numberOf } from './payment-method.ts'
import { cardOf, type Decline } from './test-cards.ts'

/** One attempt to take money for an intent: it succeeded, or `decline` says why it did not. */
export function recordCharge(
  service: StripeService,
  intent: StripePaymentIntent,
  method: StripePaymentMethod,
  attempt: { decline?: Decline; isCaptured: boolean },
): StripeCharge {
  const { decline, isCaptured } = attempt
  const created = nowOf(service, intent.customer)
  const id = newId('ch')
  const hasPaid = decline === undefined
  const charge: StripeCharge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: hasPaid && isCaptured ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method['billing_details'] ?? null,
    calculated_statement_descriptor: 'YUZURU SANDBOX',
    captured: hasPaid && isCaptured,
    created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent['description'] ?? null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(decline),
    paid: hasPaid,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { card: cardDetails(method, intent.amount), type: 'card' },
    receipt_email: null,
    receipt_number: null,
    receipt_url: hasPaid ? `${service.url}/receipts/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: hasPaid ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  }
  service.state.charges[id] = charge
  if (hasPaid && isCaptured) bookCharge(service, charge)
  service.emit(hasPaid ? 'charge.succeeded' : 'charge.failed', charge)
  return charge
}

export function bookCharge(service: StripeService, charge: StripeCharge): void {
  charge.balance_transaction = book(service, {
    amount: charge.amount,
    created: nowOf(service, charge.customer),
    currency: charge.currency,
    description: typeof charge['description'] === 'string' ? charge['description'] : null,
    source: charge.id,
    type: 'charge',
  })
}

function outcomeOf(decline: Decline | undefined): JsonObject {
  // https://docs.stripe.com/declines
  if (decline?.isBlocked === true) {
    return {
      advice_code: 'do_not_try_again',
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'not_sent_to_network',
      reason: 'highest_risk_level',
      risk_level: 'highest',
      risk_score: 92,
      seller_message: 'Stripe blocked this payment as too risky.',
      type: 'blocked',
    }
  }
  return {
    advice_code: decline ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: decline ? '05' : null,
    network_status: decline ? 'declined_by_network' : 'approved_by_network',
    reason: decline?.declineCode ?? null,
    risk_level: 'normal',
    risk_score: 32,
    seller_message: decline
      ? 'The bank did not return any further details with this decline.'
      : 'Payment complete.',
    type: decline ? 'issuer_declined' : 'authorized',
  }
}

function cardDetails({ card }: StripePaymentMethod, amount: number): Json {
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand: card.brand,
    checks: card['checks'] ?? null,
    country: card['country'] ?? null,
    electronic_commerce_indicator: null,
    exp_month: card['exp_month'] ?? 12,
    exp_year: card['exp_year'] ?? 2034,
    extended_authorization: { status: 'disabled' },
    fingerprint: card['fingerprint'] ?? null,
    funding: card['funding'] ?? null,
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: amount, status: 'unavailable' },
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  }
}

/** A test card that disputes what it paid does so now. */
export function disputeOf(
  service: StripeService,
  method: string,
): { reason: string; isInquiry: boolean } | undefined {
  return cardOf(numberOf(service, method)).dispute
}
