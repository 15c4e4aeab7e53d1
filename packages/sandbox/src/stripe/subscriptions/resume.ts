import { refused } from '../api/error.ts'
import type { StripeInvoice, StripeSubscription } from '../core/objects.ts'
import { change, nowOf, type StripeService } from '../core/service.ts'
import type { ResumePayment } from '../core/state.ts'
import { finalizeInvoice } from '../invoices/finalize.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { startPeriod } from './change-items.ts'
import { periodLines } from './lines.ts'
import { collect, settle } from './settle.ts'
import { move } from './states.ts'

export interface ResumeInput {
  readonly anchor: 'now' | 'unchanged'
  readonly payment: ResumePayment
}

/**
 * Goes on with a paused subscription: at once when nothing is due, else by its invoice, which is open. Whether that is
 * paid at once is for the caller to say, and by default it is not.
 * Sources: https://docs.stripe.com/api/subscriptions/resume and
 * https://docs.stripe.com/billing/subscriptions/pause#resume-subscriptions
 */
export function resume(
  service: StripeService,
  subscription: StripeSubscription,
  { anchor, payment }: ResumeInput,
): StripeSubscription {
  checkResumable(service, subscription, payment)
  if (anchor === 'unchanged') {
    change(service, 'customer.subscription.updated', subscription, () =>
      move(subscription, 'resumed'),
    )
    service.emit('customer.subscription.resumed', subscription)
    return subscription
  }
  const invoice = newPeriod(service, subscription)
  service.state.notes[invoice.id] = { resumption: payment }
  const isTried = payment === 'resume_on_payment_success'
  invoice.auto_advance = isTried
  finalizeInvoice(service, invoice)
  if (isTried) collect(service, invoice, { isOffSession: false })
  else if (invoice.status === 'paid') settle(service, invoice, 'paid')
  return subscription
}

function newPeriod(service: StripeService, subscription: StripeSubscription): StripeInvoice {
  const before = structuredClone(subscription)
  startPeriod(subscription, nowOf(service, subscription.customer))
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_update',
    subscription,
    lines: [
      ...waiting.map((item) => lineOfItem(service, item)),
      ...periodLines(service, subscription, subscription.items.data),
    ],
    isAutomatic: false,
  })
  bill(waiting, invoice.id)
  service.emit('customer.subscription.updated', subscription, before)
  service.emit('invoice.created', invoice)
  return invoice
}

function checkResumable(
  { state }: StripeService,
  subscription: StripeSubscription,
  payment: ResumePayment,
): void {
  const { billing_mode: mode, collection_method: method, customer, status } = subscription
  if (status !== 'paused') {
    throw refused(`You cannot resume a subscription whose status is \`${status}\`.`)
  }
  if (method !== 'charge_automatically') {
    throw refused('You can only resume a subscription that is charged automatically.')
  }
  if (payment === 'resume_on_payment_attempt') return
  if (mode.type !== 'flexible') {
    throw refused('`resume_on_payment_success` is only for subscriptions in flexible billing mode.')
  }
  const settings = state.customers[customer]?.invoice_settings
  if (subscription.default_payment_method ?? settings?.default_payment_method) return
  throw refused('The customer has no default payment method.', 'resource_missing')
}
