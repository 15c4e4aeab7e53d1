import { announceInvoice, invoiceSubscription } from './invoices.ts'
import { isJsonObject } from '../json.ts'
import { periodEnd } from './period.ts'
import type { StripeService } from './service.ts'
import type { StripeSubscription } from './state.ts'
import { endSubscription, isEnded } from './subscription-end.ts'

/**
 * What the passing of time does: sessions expire, trials end, periods renew or end. Applied before
 * each request and on `settle()`, so a test moves its clock and sees what Stripe would have done.
 */
export function applyDueChanges(service: StripeService): void {
  const now = service.now()
  for (const session of Object.values(service.state.sessions)) {
    if (session.status !== 'open' || session.expires_at > now) continue
    session.status = 'expired'
    session.url = null
    service.emit('checkout.session.expired', session)
  }
  for (const subscription of Object.values(service.state.subscriptions)) {
    // A clock that jumped by years renews year by year; each turn moves the period forward.
    while (isDue(subscription, now)) advance(service, subscription)
  }
}

function isDue(subscription: StripeSubscription, now: number): boolean {
  if (isEnded(subscription) || subscription.status === 'paused') return false
  const [item] = subscription.items.data
  const end = Math.min(item?.current_period_end ?? Infinity, subscription.cancel_at ?? Infinity)
  return end <= now
}

function advance(service: StripeService, subscription: StripeSubscription): void {
  const { cancel_at: cancelAt } = subscription
  if (cancelAt !== null && cancelAt <= service.now()) {
    endSubscription(service, subscription)
    return
  }
  const before = structuredClone(subscription)
  const wasTrial = subscription.status === 'trialing'
  const unpayable = wasTrial && subscription.default_payment_method === null
  const behaviour = unpayable ? missingMethodBehaviour(subscription) : 'charge'
  if (behaviour === 'cancel') {
    endSubscription(service, subscription, 'payment_failed')
    return
  }
  for (const item of subscription.items.data) {
    item.current_period_start = item.current_period_end
    item.current_period_end = periodEnd(item.current_period_start, item.price)
  }
  if (behaviour === 'pause') subscription.status = 'paused'
  else if (behaviour === 'create_invoice') subscription.status = 'past_due'
  else if (wasTrial) subscription.status = 'active'
  if (subscription.status === 'paused') {
    service.emit('customer.subscription.paused', subscription)
    return
  }
  const paid = subscription.status === 'active'
  const invoice = invoiceSubscription(service, subscription, 'subscription_cycle', paid)
  service.emit('customer.subscription.updated', subscription, before)
  announceInvoice(service, invoice)
}

function missingMethodBehaviour(subscription: StripeSubscription): string {
  const settings = subscription['trial_settings']
  const end = isJsonObject(settings) ? settings['end_behavior'] : undefined
  const behaviour = isJsonObject(end) ? end['missing_payment_method'] : undefined
  return typeof behaviour === 'string' ? behaviour : 'create_invoice'
}
