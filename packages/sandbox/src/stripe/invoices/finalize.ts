import { textOf } from '../../json.ts'
import { refused } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { StripeInvoice, StripeObject } from '../core/objects.ts'
import type { StripePaymentIntent } from '../core/payment-objects.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import { cancelIntent, createIntent } from '../payments/payment-intent.ts'

/** A draft becomes what the customer owes: numbered, with the intent that pays it. */
export function finalizeInvoice(service: StripeService, invoice: StripeInvoice): void {
  if (invoice.status !== 'draft') {
    throw refused(
      'This invoice is already finalized, you can’t re-finalize a non-draft invoice.',
      'invoice_not_editable',
    )
  }
  const customer = find(service.state.customers, 'customer', invoice.customer)
  const now = nowOf(service, customer.id)
  invoice.status = 'open'
  invoice.status_transitions.finalized_at = now
  invoice['effective_at'] = now
  invoice.automatically_finalizes_at = null
  invoice.number = `${textOf(customer['invoice_prefix'])}-${String(customer.next_invoice_sequence).padStart(4, '0')}`
  customer.next_invoice_sequence += 1
  customer.currency ??= invoice.currency
  invoice.starting_balance = customer.balance
  invoice.amount_due = Math.max(0, invoice.total + customer.balance)
  invoice.amount_remaining = invoice.amount_due
  invoice.ending_balance = invoice.total + customer.balance - invoice.amount_due
  customer.balance = invoice.ending_balance
  invoice['hosted_invoice_url'] = `${service.url}/i/${invoice.id}`
  invoice['invoice_pdf'] = `${service.url}/i/${invoice.id}/pdf`
  if (invoice.amount_due > 0) {
    const intent = createIntent(service, {
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: invoice.customer,
      captureMethod: 'automatic',
      description: invoice.parent ? 'Subscription creation' : null,
      setupFutureUsage: invoice.parent ? 'off_session' : null,
    })
    newPayment(service, invoice, intent.id)
  }
  service.emit('invoice.finalized', invoice)
  if (invoice.amount_due === 0) markPaid(service, invoice, 0)
}

function newPayment(service: StripeService, invoice: StripeInvoice, intent: string): void {
  const payment: StripeObject = {
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: nowOf(service, invoice.customer),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  }
  service.state.invoicePayments[payment.id] = payment
}

/** What pays an invoice, while anything can. */
function openPayment({ state }: StripeService, invoice: StripeInvoice): StripeObject | undefined {
  return Object.values(state.invoicePayments).find(
    (payment) => payment['invoice'] === invoice.id && payment['status'] === 'open',
  )
}

export function intentOf(
  service: StripeService,
  invoice: StripeInvoice,
): StripePaymentIntent | undefined {
  const { payment_intent: id } = (openPayment(service, invoice)?.['payment'] ?? {}) as {
    payment_intent?: string
  }
  return id === undefined ? undefined : service.state.paymentIntents[id]
}

/** The money has come, or none was due. */
export function markPaid(service: StripeService, invoice: StripeInvoice, amount: number): void {
  const now = nowOf(service, invoice.customer)
  const payment = openPayment(service, invoice)
  invoice.status = 'paid'
  invoice.auto_advance = false
  invoice.attempted = true
  invoice.next_payment_attempt = null
  invoice.amount_paid = amount
  invoice.amount_remaining = invoice.amount_due - amount
  invoice.status_transitions.paid_at = now
  service.emit('invoice.paid', invoice)
  service.emit('invoice.payment_succeeded', invoice)
  if (!payment) return
  if (amount === 0) {
    cancelPayment(service, invoice)
    return
  }
  payment['status'] = 'paid'
  payment['amount_paid'] = amount
  payment['status_transitions'] = { canceled_at: null, paid_at: now }
  service.emit('invoice_payment.paid', payment)
}

/** Nobody is asked for the money any more. */
export function closeInvoice(
  service: StripeService,
  invoice: StripeInvoice,
  status: 'uncollectible' | 'void',
): void {
  const isClosed =
    invoice.status !== 'open' && !(invoice.status === 'uncollectible' && status === 'void')
  if (isClosed) {
    throw refused(
      `You can only pass in open invoices. This invoice isn't open: it is ${invoice.status}.`,
    )
  }
  const now = nowOf(service, invoice.customer)
  invoice.status = status
  invoice.auto_advance = false
  invoice.next_payment_attempt = null
  if (status === 'void') {
    invoice.status_transitions.voided_at = now
    invoice.amount_remaining = invoice.amount_due
    cancelPayment(service, invoice)
    service.emit('invoice.voided', invoice)
  } else {
    invoice.status_transitions.marked_uncollectible_at = now
    service.emit('invoice.marked_uncollectible', invoice)
  }
}

function cancelPayment(service: StripeService, invoice: StripeInvoice): void {
  const payment = openPayment(service, invoice)
  const intent = intentOf(service, invoice)
  if (intent && intent.status !== 'succeeded') cancelIntent(service, intent, 'void_invoice')
  if (!payment) return
  payment['status'] = 'canceled'
  payment['status_transitions'] = { canceled_at: nowOf(service, invoice.customer), paid_at: null }
}
