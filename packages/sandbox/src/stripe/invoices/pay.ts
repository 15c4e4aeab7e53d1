import type { StripeInvoice } from '../core/objects.ts'
import type { StripePaymentMethod } from '../core/payment-objects.ts'
import type { StripeService } from '../core/service.ts'
import type { Asking } from '../payments/attempt.ts'
import { attach } from '../payments/payment-method.ts'
import { confirmIntent, failIntent } from '../payments/payment-intent.ts'
import type { Decline } from '../payments/test-cards.ts'
import { intentOf, markPaid } from './finalize.ts'

export type PaymentResult = 'failed' | 'paid' | 'requires_action'

/** The card of an invoice: its own, its subscription's, or its customer's. */
export function methodFor(
  { state }: StripeService,
  invoice: StripeInvoice,
): StripePaymentMethod | undefined {
  const subscription = state.subscriptions[subscriptionIdOf(invoice) ?? '']
  const id =
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    state.customers[invoice.customer]?.invoice_settings.default_payment_method
  return id === null || id === undefined ? undefined : state.paymentMethods[id]
}

export function subscriptionIdOf(invoice: StripeInvoice): string | null {
  return invoice.parent?.subscription_details?.subscription ?? null
}

/** One attempt to have an open invoice paid. `decline` makes a bank say no whatever the card. */
export function attemptPayment(
  service: StripeService,
  invoice: StripeInvoice,
  asking: Asking & { method?: StripePaymentMethod | undefined; decline?: Decline },
): PaymentResult {
  if (invoice.status === 'paid') return 'paid'
  const intent = intentOf(service, invoice)
  const method = asking.method ?? methodFor(service, invoice)
  invoice.attempted = true
  invoice.attempt_count += 1
  if (!intent || !method) {
    service.emit('invoice.payment_failed', invoice)
    return 'failed'
  }
  if (asking.method && asking.method.customer === null)
    attach(service, asking.method, invoice.customer)
  if (asking.decline) {
    failIntent(service, intent, method, asking.decline)
    service.emit('invoice.payment_failed', invoice)
    return 'failed'
  }
  return afterVerdict(service, invoice, confirmIntent(service, intent, method, asking).kind)
}

/** What the answer of the bank means for the invoice. */
export function afterVerdict(
  service: StripeService,
  invoice: StripeInvoice,
  verdict: 'declined' | 'requires_action' | 'succeeded',
): PaymentResult {
  if (verdict === 'succeeded') {
    markPaid(service, invoice, invoice.amount_due)
    return 'paid'
  }
  service.emit('invoice.payment_failed', invoice)
  if (verdict === 'declined') return 'failed'
  service.emit('invoice.payment_action_required', invoice)
  return 'requires_action'
}
