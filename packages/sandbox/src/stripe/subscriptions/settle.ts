import { change, nowOf, type StripeService } from '../core/service.ts'
import type { StripeInvoice, StripeSubscription } from '../core/objects.ts'
import type { StripePaymentMethod } from '../core/payment-objects.ts'
import { finalizeInvoice } from '../invoices/finalize.ts'
import { attemptPayment, type PaymentResult, subscriptionIdOf } from '../invoices/pay.ts'
import type { Decline } from '../payments/test-cards.ts'
import { endSubscription } from './end.ts'
import { isEnded, move } from './states.ts'

/** The subscription that an invoice is for. */
export function subscriptionOf(
  { state }: StripeService,
  invoice: StripeInvoice,
): StripeSubscription | undefined {
  return state.subscriptions[subscriptionIdOf(invoice) ?? '']
}

/**
 * Has an open invoice paid without anyone asking, and does to its subscription what the result means.
 * A failure is tried again by the dunning schedule; after the last one the subscription ends, is left
 * unpaid, or stays past due. Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
 */
export function collect(
  service: StripeService,
  invoice: StripeInvoice,
  options: { isOffSession: boolean; decline?: Decline },
): PaymentResult {
  if (invoice.status === 'paid') {
    settle(service, invoice, 'paid')
    return 'paid'
  }
  if (invoice.collection_method === 'send_invoice') {
    service.emit('invoice.sent', invoice)
    return 'failed'
  }
  const subscription = subscriptionOf(service, invoice)
  const note = (service.state.notes[invoice.id] ??= {})
  const retries = note.retries ?? 0
  const days = service.dunning.retryAfterDays[retries]
  // A first payment is not tried again: the subscription waits for it for 23 hours.
  const isRetried =
    subscription?.status !== 'incomplete' && invoice.auto_advance && days !== undefined
  invoice.next_payment_attempt = isRetried ? nowOf(service, invoice.customer) + days * 86_400 : null
  const result = attemptPayment(service, invoice, options)
  if (result !== 'paid') note.retries = retries + 1
  settle(service, invoice, result)
  const isOver = result !== 'paid' && !isRetried && subscription?.status === 'past_due'
  if (isOver && decides(service, subscription, invoice)) giveUp(service, subscription, invoice)
  return result
}

/** Finalizes a draft and has it paid, as an invoice that is due at once is. */
export function collectNow(
  service: StripeService,
  invoice: StripeInvoice,
  options: { isOffSession: boolean },
): PaymentResult {
  finalizeInvoice(service, invoice)
  return collect(service, invoice, options)
}

/** What a payment, or its failure, means for the subscription. */
export function settle(
  service: StripeService,
  invoice: StripeInvoice,
  result: PaymentResult,
): void {
  const { state } = service
  const customer = state.customers[invoice.customer]
  const subscription = subscriptionOf(service, invoice)
  if (customer && invoice.amount_due > 0) {
    change(service, 'customer.updated', customer, () => {
      customer['delinquent'] = result !== 'paid' && subscription?.status !== 'incomplete'
    })
  }
  if (!subscription || isEnded(subscription)) return
  if (!decides(service, subscription, invoice)) return
  const wasPaused = subscription.status === 'paused'
  const isTried = wasPaused && state.notes[invoice.id]?.resumption === 'resume_on_payment_attempt'
  change(service, 'customer.subscription.updated', subscription, () => {
    move(
      subscription,
      result === 'paid' ? 'paid' : isTried ? 'resumption failed' : 'payment failed',
    )
    if (result === 'paid') keepMethod(service, subscription, invoice)
  })
  if (wasPaused && subscription.status !== 'paused') {
    service.emit('customer.subscription.resumed', subscription)
  }
}

/**
 * Whether the status of a subscription is that of this invoice: its newest one that is not void. Drafts do not count,
 * unless it is unpaid: those of an unpaid subscription are what is to be paid next.
 * Source: https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions
 */
function decides(
  { state }: StripeService,
  { id, status }: StripeSubscription,
  invoice: StripeInvoice,
): boolean {
  const newest = Object.values(state.invoices).findLast(
    (one) =>
      subscriptionIdOf(one) === id &&
      one.status !== 'void' &&
      (one.status !== 'draft' || status === 'unpaid'),
  )
  return newest === invoice
}

/** `save_default_payment_method: on_subscription` keeps the card that paid. */
function keepMethod(
  { state }: StripeService,
  subscription: StripeSubscription,
  invoice: StripeInvoice,
): void {
  const settings = subscription['payment_settings'] as { save_default_payment_method?: string }
  if (settings.save_default_payment_method !== 'on_subscription') return
  const payment = Object.values(state.invoicePayments).find(
    (made) => made['invoice'] === invoice.id && made['status'] === 'paid',
  )
  const { payment_intent: id } = (payment?.['payment'] ?? {}) as { payment_intent?: string }
  const method = state.paymentIntents[id ?? '']?.payment_method
  if (typeof method === 'string') subscription.default_payment_method = method
}

function giveUp(
  service: StripeService,
  subscription: StripeSubscription,
  invoice: StripeInvoice,
): void {
  const { end } = service.dunning
  if (end === 'cancel') endSubscription(service, subscription, { cause: 'retries ended: cancel' })
  if (end !== 'mark_unpaid') return
  invoice.auto_advance = false
  change(service, 'customer.subscription.updated', subscription, () =>
    move(subscription, 'retries ended: mark unpaid'),
  )
}

/** A person pays an open invoice with the card of the invoice, or with another. */
export function payInvoice(
  service: StripeService,
  invoice: StripeInvoice,
  asking: {
    isOffSession: boolean
    isAuthenticated?: boolean
    method?: StripePaymentMethod | undefined
  },
): PaymentResult {
  const result = attemptPayment(service, invoice, asking)
  settle(service, invoice, result)
  return result
}
