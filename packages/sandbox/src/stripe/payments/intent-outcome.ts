import { textOf } from '../../json.ts'
import { invalid } from '../api/error.ts'
import type { StripeInvoice } from '../core/objects.ts'
import type { StripePaymentIntent } from '../core/payment-objects.ts'
import type { StripeService } from '../core/service.ts'
import { afterVerdict } from '../invoices/pay.ts'
import { settle } from '../subscriptions/settle.ts'
import { type Asking, authenticationFailed, type Verdict } from './attempt.ts'
import { confirmIntent, failIntent } from './payment-intent.ts'
import { methodOf } from './payment-method.ts'

/** The invoice that an intent pays. */
function invoiceOf(
  { state }: StripeService,
  intent: StripePaymentIntent,
): StripeInvoice | undefined {
  const payment = Object.values(state.invoicePayments).find(
    (made) => (made['payment'] as { payment_intent?: string }).payment_intent === intent.id,
  )
  return state.invoices[textOf(payment?.['invoice'])]
}

/** Confirms an intent, and does to its invoice and subscription what that means. */
export function confirmFor(
  service: StripeService,
  intent: StripePaymentIntent,
  methodId: string,
  asking: Asking,
): Verdict {
  const method = methodOf(service, methodId, 'payment_method')
  const verdict = confirmIntent(service, intent, method, asking)
  tell(service, intent, verdict.kind)
  return verdict
}

/** The person has confirmed the payment, or would not. */
export function authenticatePayment(
  service: StripeService,
  intent: StripePaymentIntent,
  succeeds: boolean,
): void {
  const { payment_method: id } = intent
  if (intent.status !== 'requires_action' || id === null) {
    throw invalid(`This PaymentIntent does not wait for anyone: it is ${intent.status}.`)
  }
  if (succeeds) {
    confirmFor(service, intent, id, { isOffSession: false, isAuthenticated: true })
    return
  }
  failIntent(service, intent, methodOf(service, id), authenticationFailed)
  tell(service, intent, 'declined')
}

function tell(service: StripeService, intent: StripePaymentIntent, kind: Verdict['kind']): void {
  const invoice = invoiceOf(service, intent)
  if (!invoice || invoice.status !== 'open') return
  invoice.attempted = true
  invoice.attempt_count += 1
  settle(service, invoice, afterVerdict(service, invoice, kind))
}
