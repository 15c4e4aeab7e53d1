import { invalid, refused } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeObject } from '../core/objects.ts'
import type { StripeCharge } from '../core/payment-objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import { book } from './balance.ts'
import { numberOf } from './payment-method.ts'
import { cardOf } from './test-cards.ts'

/**
 * Gives money of a charge back, all of what is left of it by default.
 *
 * @throws StripeFailure 400 for more than is left, or a charge that did not succeed
 */
export function refund(
  service: StripeService,
  charge: StripeCharge,
  input: { amount?: number | undefined; reason?: string | undefined; metadata: Metadata },
): StripeObject {
  if (charge.status !== 'succeeded')
    throw refused('This charge has not succeeded.', 'charge_not_refundable')
  if (charge.disputed && !isInquiry(service, charge)) {
    throw refused('Charge has been charged back; it cannot be refunded.', 'charge_disputed')
  }
  const left = charge.amount - charge.amount_refunded
  if (left === 0) {
    throw refused(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded')
  }
  const amount = input.amount ?? left
  if (amount > left) {
    throw invalid(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
      'amount',
    )
  }
  const created = nowOf(service, charge.customer)
  const id = newId('re')
  const behaviour = cardOf(numberOf(service, charge.payment_method ?? '')).refund
  const made: StripeObject = {
    id,
    object: 'refund',
    amount,
    balance_transaction: book(service, {
      amount: -amount,
      created,
      currency: charge.currency,
      description: 'REFUND FOR CHARGE',
      source: id,
      type: 'refund',
    }),
    charge: charge.id,
    created,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: {
        reference_status: 'pending',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    metadata: input.metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: behaviour === 'pending' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  }
  service.state.refunds[id] = made
  const before = structuredClone(charge)
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount
  service.emit('charge.refunded', charge, before)
  service.emit('refund.created', made)
  if (behaviour === 'fails_later') fail(service, made, charge)
  return made
}

function isInquiry({ state }: StripeService, charge: StripeCharge): boolean {
  return Object.values(state.disputes).some(
    (dispute) => dispute['charge'] === charge.id && dispute['is_charge_refundable'] === true,
  )
}

function fail(service: StripeService, made: StripeObject, charge: StripeCharge): void {
  const before = structuredClone(made)
  made['status'] = 'failed'
  made['failure_reason'] = 'expired_or_canceled_card'
  charge.amount_refunded -= Number(made['amount'])
  charge.refunded = false
  service.emit('refund.failed', made)
  service.emit('charge.refund.updated', made, before)
}
