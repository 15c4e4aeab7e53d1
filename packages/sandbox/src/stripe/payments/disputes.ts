import { type JsonObject, textOf } from '../../json.ts'
import { refused } from '../api/error.ts'
import type { Due } from '../clocks/due-time.ts'
import { newId } from '../core/id.ts'
import type { StripeObject } from '../core/objects.ts'
import type { StripeCharge } from '../core/payment-objects.ts'
import { change, find, nowOf, type StripeService } from '../core/service.ts'
import { book } from './balance.ts'

const EVIDENCE = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
] as const

/** The names of the texts that evidence may hold. */
export const evidenceNames: readonly string[] = EVIDENCE

/** A customer's bank takes the money back, unless it only asks. */
export function openDispute(
  service: StripeService,
  charge: StripeCharge,
  { reason, isInquiry }: { reason: string; isInquiry: boolean },
): StripeObject {
  const created = nowOf(service, charge.customer)
  const id = newId('du')
  const dispute: StripeObject = {
    id,
    object: 'dispute',
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {
      ...Object.fromEntries(EVIDENCE.map((name) => [name, null])),
      enhanced_evidence: {},
    },
    evidence_details: {
      due_by: created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: 'visa',
        case_type: isInquiry ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason,
    status: isInquiry ? 'warning_needs_response' : 'needs_response',
  }
  service.state.disputes[id] = dispute
  charge.disputed = true
  service.emit('charge.dispute.created', dispute)
  if (!isInquiry) move(service, dispute, -1)
  return dispute
}

/** What time does to a dispute that nobody has answered. Source: https://docs.stripe.com/disputes/how-disputes-work */
export function dueOf(service: StripeService, dispute: StripeObject): Due[] {
  if (dispute['status'] !== 'needs_response') return []
  const { due_by: at } = dispute['evidence_details'] as JsonObject
  return [{ at: Number(at), run: () => void closeDispute(service, dispute, 'lost') }]
}

/** The customer who disputes, and whose clock counts. */
export function disputerOf({ state }: StripeService, dispute: StripeObject): string | null {
  return state.charges[textOf(dispute['charge'])]?.customer ?? null
}

/** Closes a dispute; won, the money comes back. */
export function closeDispute(
  service: StripeService,
  dispute: StripeObject,
  result: 'lost' | 'warning_closed' | 'won',
): StripeObject {
  expectOpen(dispute)
  dispute['status'] = result
  if (result === 'won') move(service, dispute, 1)
  service.emit('charge.dispute.closed', dispute)
  return dispute
}

function expectOpen(dispute: StripeObject): void {
  if (!['lost', 'warning_closed', 'won'].includes(textOf(dispute['status']))) return
  throw refused('This dispute is already closed.')
}

/** In test mode the text of the evidence decides. Source: https://docs.stripe.com/testing#evidence */
export function submitEvidence(
  service: StripeService,
  dispute: StripeObject,
  evidence: JsonObject,
  isSubmitted: boolean,
): StripeObject {
  if (Object.keys(evidence).length > 0) expectOpen(dispute)
  const held = dispute['evidence'] as JsonObject
  const details = dispute['evidence_details'] as JsonObject
  const isInquiry = textOf(dispute['status']).startsWith('warning')
  change(service, 'charge.dispute.updated', dispute, () => {
    Object.assign(held, evidence)
    details['has_evidence'] = Object.keys(evidence).length > 0
    if (!isSubmitted) return
    details['submission_count'] = Number(details['submission_count']) + 1
    dispute['status'] = isInquiry ? 'warning_under_review' : 'under_review'
  })
  const text = held['uncategorized_text']
  if (isSubmitted && text === 'winning_evidence') {
    return closeDispute(service, dispute, isInquiry ? 'warning_closed' : 'won')
  }
  if (isSubmitted && text === 'losing_evidence') return closeDispute(service, dispute, 'lost')
  return dispute
}

function move(service: StripeService, dispute: StripeObject, sign: -1 | 1): void {
  const charge = find(service.state.charges, 'charge', textOf(dispute['charge']))
  const id = book(service, {
    amount: sign * charge.amount,
    created: nowOf(service, charge.customer),
    currency: charge.currency,
    description: sign < 0 ? 'Chargeback withdrawal' : 'Chargeback reversal',
    fee: sign < 0 ? 1500 : 0,
    source: dispute.id,
    type: 'adjustment',
  })
  const moved = service.state.balanceTransactions[id]
  if (moved) (dispute['balance_transactions'] as JsonObject[]).push(structuredClone(moved))
  service.emit(
    sign < 0 ? 'charge.dispute.funds_withdrawn' : 'charge.dispute.funds_reinstated',
    dispute,
  )
}
