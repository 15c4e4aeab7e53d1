import type { Json } from '../../json.ts'
import { invalid, refused, StripeFailure } from '../api/error.ts'
import { applyMetadata, type MetadataChange } from '../api/metadata.ts'
import { redeem } from '../catalog/discounts.ts'
import type { StripeInvoice, StripeSubscription } from '../core/objects.ts'
import { nowOf, type StripeService } from '../core/service.ts'
import type { DiscountChoice } from '../core/state.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { type CancelAt, planEnd } from './cancel-at.ts'
import { changeItems, type ItemRequest, startPeriod } from './change-items.ts'
import type { PaymentBehavior } from './create.ts'
import { haveSameInterval } from './item.ts'
import { activeDiscounts, periodLines, spendDiscounts } from './lines.ts'
import { type ItemChange, prorate } from './proration.ts'
import { collectNow } from './settle.ts'
import { isEnded, move } from './states.ts'
import { expectDays } from './days-until-due.ts'
import { checkTrialEnd } from './trial.ts'

export type ProrationBehavior = 'always_invoice' | 'create_prorations' | 'none'

export interface SubscriptionChange {
  readonly billing_cycle_anchor?: 'now' | 'unchanged'
  readonly cancel_at?: CancelAt | null
  readonly cancel_at_period_end?: boolean
  readonly cancellation_details?: { comment?: string | null; feedback?: string | null }
  readonly collection_method?: 'charge_automatically' | 'send_invoice'
  readonly days_until_due?: number
  readonly default_payment_method?: string | null
  readonly description?: string | null
  readonly discounts?: readonly DiscountChoice[]
  readonly items?: readonly ItemRequest[]
  readonly metadata?: MetadataChange
  readonly off_session?: boolean
  readonly pause_collection?: StripeSubscription['pause_collection']
  readonly payment_behavior?: PaymentBehavior
  readonly payment_settings?: Json
  readonly proration_behavior?: ProrationBehavior
  readonly proration_date?: number
  readonly trial_end?: number | 'now'
  readonly trial_settings?: StripeSubscription['trial_settings']
}

/** Applies a change whole or not at all, and collects what it makes due at once. */
export function updateSubscription(
  service: StripeService,
  before: StripeSubscription,
  change: SubscriptionChange,
): StripeSubscription {
  if (change.payment_behavior === 'error_if_incomplete') {
    const copy = service.rehearsal()
    const twin = copy.state.subscriptions[before.id]
    const { payment_behavior: _behavior, ...rest } = change
    if (
      twin &&
      updateSubscription(copy, twin, rest).status === 'past_due' &&
      before.status !== 'past_due'
    ) {
      throw new StripeFailure(402, 'Your card was declined.', {
        type: 'card_error',
        code: 'card_declined',
      })
    }
  }
  const { subscription, invoice } = applyChange(service, before, change)
  if (JSON.stringify(before) !== JSON.stringify(subscription)) {
    service.emit('customer.subscription.updated', subscription, before)
  }
  // Stripe tells of a trial's end also when it is ended at once.
  if (change.trial_end === 'now' && before.status === 'trialing') {
    service.emit('customer.subscription.trial_will_end', subscription)
  }
  if (!invoice) return subscription
  service.emit('invoice.created', invoice)
  collectNow(service, invoice, { isOffSession: change.off_session ?? false })
  return subscription
}

/** The change on a copy that is stored whole, and the draft of what it makes due at once. */
export function applyChange(
  service: StripeService,
  before: StripeSubscription,
  change: SubscriptionChange,
): { subscription: StripeSubscription; invoice: StripeInvoice | undefined } {
  checkEnded(before, change)
  checkIncomplete(before, change)
  checkProrationDate(before, change)
  const now = nowOf(service, before.customer)
  const after = structuredClone(before)
  if ((change.pause_collection?.resumes_at ?? Infinity) <= now) {
    throw invalid('`resumes_at` must be in the future.', 'pause_collection[resumes_at]')
  }
  setPlainFields(after, change)
  const changes = change.items ? changeItems(service, after, change.items, now) : []
  if (change.trial_end !== undefined) setTrialEnd(after, change.trial_end, now)
  const { proration_behavior: behaviour = 'create_prorations', proration_date: date = now } = change
  const restarts = doesRestart(before, change, changes)
  // From here on nothing is refused.
  service.state.subscriptions[after.id] = after
  if (change.discounts) {
    const use = { customer: after.customer, subscription: after.id, checkoutSession: null }
    after.discounts = change.discounts.map((choice) => redeem(service, choice, use).id)
  }
  if (behaviour !== 'none' && before.status !== 'trialing' && before.status !== 'paused') {
    const credited = restarts ? allOf(before, after, changes) : changes
    prorate(service, before, credited, date, restarts)
  }
  if (restarts) startPeriod(after, now)
  planEnd(after, { cancelAt: change.cancel_at, atPeriodEnd: change.cancel_at_period_end }, now)
  if (after.cancel_at_period_end && change.cancel_at === undefined) {
    after.cancel_at = Math.min(...after.items.data.map((item) => item.current_period_end))
  }
  const isBilledNow = restarts || (behaviour === 'always_invoice' && changes.length > 0)
  return {
    subscription: after,
    invoice: isBilledNow ? bills(service, after, now, restarts) : undefined,
  }
}

function bills(
  service: StripeService,
  subscription: StripeSubscription,
  now: number,
  restarts: boolean,
): StripeInvoice {
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_update',
    subscription,
    discounts: activeDiscounts(service, subscription, now),
    lines: [
      ...waiting.map((item) => lineOfItem(service, item)),
      ...(restarts ? periodLines(service, subscription, subscription.items.data) : []),
    ],
    isAutomatic: true,
  })
  invoice.automatically_finalizes_at = null
  bill(waiting, invoice.id)
  spendDiscounts(service, subscription, invoice)
  return invoice
}

/** A subscription that is over takes no more than words. */
function checkEnded(before: StripeSubscription, change: SubscriptionChange): void {
  if (!isEnded(before)) return
  const allowed = new Set(['metadata', 'cancellation_details'])
  if (Object.keys(change).every((name) => allowed.has(name))) return
  throw invalid('A canceled subscription can only update its cancellation_details and metadata.')
}

/**
 * What waits for its first payment costs what its first invoice says.
 * Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-status
 */
function checkIncomplete(before: StripeSubscription, change: SubscriptionChange): void {
  if (before.status !== 'incomplete') return
  const isProrated = change.items !== undefined && change.proration_behavior !== 'none'
  const isTrial = typeof change.trial_end === 'number'
  if (!isProrated && !isTrial && change.billing_cycle_anchor !== 'now') return
  throw refused(
    'You cannot update a subscription in `incomplete` status in a way that results in a new invoice or invoice items. Only minor attributes, like `metadata` or `default_payment_method`, can be updated on such subscriptions.',
  )
}

/** Source: https://docs.stripe.com/billing/subscriptions/prorations */
function checkProrationDate(
  { items }: StripeSubscription,
  { billing_cycle_anchor: anchor, proration_date: date }: SubscriptionChange,
): void {
  if (date === undefined) return
  if (anchor === 'now') {
    throw invalid(
      'You cannot specify `proration_date` when `billing_cycle_anchor=now`',
      'proration_date',
    )
  }
  const isWithin = items.data.some(
    ({ current_period_start: start, current_period_end: end }) => start <= date && date <= end,
  )
  if (isWithin) return
  throw invalid(
    'Cannot specify proration date outside of current subscription period',
    'proration_date',
  )
}

function setPlainFields(after: StripeSubscription, change: SubscriptionChange): void {
  if (change.default_payment_method !== undefined) {
    after.default_payment_method = change.default_payment_method
  }
  if (change.description !== undefined) after['description'] = change.description
  if (change.trial_settings) after.trial_settings = change.trial_settings
  if (change.pause_collection !== undefined) after.pause_collection = change.pause_collection
  if (change.collection_method) after.collection_method = change.collection_method
  if (change.days_until_due !== undefined) after.days_until_due = change.days_until_due
  expectDays(after, change.days_until_due)
  if (change.cancellation_details) {
    Object.assign(after['cancellation_details'] as object, change.cancellation_details)
  }
  if (change.payment_settings !== undefined) {
    Object.assign(after['payment_settings'] as object, change.payment_settings)
  }
  after.metadata = applyMetadata(after.metadata, change.metadata)
}

function setTrialEnd(after: StripeSubscription, trialEnd: number | 'now', now: number): void {
  if (trialEnd === 'now') {
    if (after.status !== 'trialing') return
    after.trial_end = now
    move(after, 'trial ended')
    return
  }
  checkTrialEnd(now, trialEnd, 'trial_end')
  move(after, 'trial given')
  after.trial_start ??= now
  after.trial_end = trialEnd
}

/** A new period begins at once: asked for, by the trial, or because the rhythm is another. */
function doesRestart(
  before: StripeSubscription,
  change: SubscriptionChange,
  changes: readonly ItemChange[],
): boolean {
  if (before.status === 'incomplete') return false
  if (change.trial_end === 'now') return before.status === 'trialing'
  if (change.trial_end !== undefined)
    return before.status !== 'trialing' || change.trial_end !== before.trial_end
  if (change.billing_cycle_anchor === 'now') return true
  if (before.status === 'trialing') return false
  return changes.some(
    (pair) => pair.before && pair.after && !haveSameInterval(pair.before.price, pair.after.price),
  )
}

/** Every item that there was: a restart credits those too that did not change. */
function allOf(
  before: StripeSubscription,
  after: StripeSubscription,
  changes: readonly ItemChange[],
): ItemChange[] {
  const touched = new Set(changes.flatMap((pair) => (pair.before ? [pair.before.id] : [])))
  const rest = before.items.data
    .filter((item) => !touched.has(item.id))
    .map((item) => ({ before: item, after: after.items.data.find(({ id }) => id === item.id) }))
  return [...changes, ...rest]
}
