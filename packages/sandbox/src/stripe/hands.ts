import { refused } from './api/error.ts'
import { completeSession, type CheckoutPayment } from './checkout/complete.ts'
import type { StripeCheckoutSession, StripeSubscription } from './core/objects.ts'
import { find, type StripeService } from './core/service.ts'
import { draftInvoice } from './invoices/invoice.ts'
import { finalizeInvoice } from './invoices/finalize.ts'
import { authenticatePayment } from './payments/intent-outcome.ts'
import { methodOf } from './payments/payment-method.ts'
import { confirmSetup, failSetup } from './payments/setup-intent.ts'
import { periodLines } from './subscriptions/lines.ts'
import { collect } from './subscriptions/settle.ts'

/** What a person does on the hosted page. */
export function completeCheckout(
  service: StripeService,
  id: string,
  payment: CheckoutPayment,
): StripeCheckoutSession {
  return completeSession(service, id, payment)
}

/** What a card's owner answers to the bank. */
export function authenticate(service: StripeService, id: string, succeeds: boolean): void {
  const setup = service.state.setupIntents[id]
  if (!setup) {
    authenticatePayment(service, find(service.state.paymentIntents, 'payment_intent', id), succeeds)
    return
  }
  if (setup.status !== 'requires_action' || setup.payment_method === null) {
    throw refused(`This SetupIntent does not wait for anyone: it is ${setup.status}.`)
  }
  const method = methodOf(service, setup.payment_method)
  if (succeeds) confirmSetup(service, setup, method, true)
  else failSetup(service, setup, method)
}

/** Bills a subscription out of turn; the bank says no, whatever the card. */
export function failPayment(service: StripeService, id: string): StripeSubscription {
  const subscription = find(service.state.subscriptions, 'subscription', id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_cycle',
    subscription,
    lines: periodLines(service, { ...subscription, status: 'active' }, subscription.items.data),
    isAutomatic: true,
  })
  service.emit('invoice.created', invoice)
  finalizeInvoice(service, invoice)
  collect(service, invoice, {
    isOffSession: true,
    decline: {
      code: 'card_declined',
      declineCode: 'generic_decline',
      message: 'Your card was declined.',
    },
  })
  return subscription
}
