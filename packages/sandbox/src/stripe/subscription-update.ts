import { invalid } from './error.ts'
import type { Json } from '../json.ts'
import { applyMetadata, type MetadataChange } from './metadata.ts'
import { periodEnd } from './period.ts'
import type { StripeService } from './service.ts'
import { findPrice, newItem } from './subscription-create.ts'
import { isEnded } from './subscription-end.ts'
import type { StripeSubscription } from './state.ts'

interface ItemChange {
  readonly id?: string
  readonly price?: string
  readonly quantity?: number
  readonly deleted?: boolean
  readonly metadata?: MetadataChange
}

export interface SubscriptionChange {
  readonly cancel_at?: number | null
  readonly cancel_at_period_end?: boolean
  readonly cancellation_details?: Json
  readonly default_payment_method?: string
  readonly description?: string | null
  readonly items?: readonly ItemChange[]
  readonly metadata?: MetadataChange
  readonly pause_collection?: Json
  readonly trial_end?: number | 'now'
  readonly trial_settings?: Json
}

/** Applies a change to a copy and stores it whole: a refused change leaves nothing behind. */
export function updateSubscription(
  service: StripeService,
  before: StripeSubscription,
  change: SubscriptionChange,
): StripeSubscription {
  const { items, metadata, trial_end: trialEnd, ...plain } = change
  if (isEnded(before)) {
    const allowed = new Set(['metadata', 'cancellation_details'])
    if (Object.keys(change).some((name) => !allowed.has(name))) {
      throw invalid(
        'A canceled subscription can only update its cancellation_details and metadata.',
      )
    }
  }
  const after = structuredClone(before)
  for (const [name, value] of Object.entries(plain)) after[name] = value
  after.metadata = applyMetadata(after.metadata, metadata)
  if (trialEnd !== undefined) setTrialEnd(service, after, trialEnd)
  if (items) changeItems(service, after, items)
  if (change.cancel_at_period_end !== undefined || change.cancel_at !== undefined) {
    if (change.cancel_at_period_end) {
      after.cancel_at = after.items.data[0]?.current_period_end ?? null
    } else if (change.cancel_at === undefined) after.cancel_at = null
    const cancels = after.cancel_at !== null
    after.canceled_at = cancels ? (before.canceled_at ?? service.now()) : null
    after['cancellation_details'] = {
      comment: null,
      feedback: null,
      reason: cancels ? 'cancellation_requested' : null,
    }
  }
  service.state.subscriptions[after.id] = after
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    service.emit('customer.subscription.updated', after, before)
  }
  return after
}

function setTrialEnd(
  service: StripeService,
  subscription: StripeSubscription,
  trialEnd: number | 'now',
): void {
  const now = service.now()
  if (trialEnd !== 'now' && trialEnd <= now) {
    throw invalid('Invalid timestamp: must be in the future', 'trial_end')
  }
  subscription.status = trialEnd === 'now' ? 'active' : 'trialing'
  subscription.trial_start ??= trialEnd === 'now' ? null : now
  subscription.trial_end =
    trialEnd === 'now' && subscription.trial_start === null
      ? null
      : trialEnd === 'now'
        ? now
        : trialEnd
  subscription['billing_cycle_anchor'] = trialEnd === 'now' ? now : trialEnd
  for (const item of subscription.items.data) {
    item.current_period_start = now
    item.current_period_end = trialEnd === 'now' ? periodEnd(now, item.price) : trialEnd
  }
}

function changeItems(
  service: StripeService,
  subscription: StripeSubscription,
  changes: readonly ItemChange[],
): void {
  const { items } = subscription
  for (const [index, change] of changes.entries()) {
    const param = `items[${index}]`
    const price =
      change.price === undefined ? undefined : findPrice(service, change.price, `${param}[price]`)
    if (change.id === undefined) {
      if (!price)
        throw invalid(
          `Missing required param: ${param}[price].`,
          `${param}[price]`,
          'parameter_missing',
        )
      const trialEnd = subscription.status === 'trialing' ? subscription.trial_end : null
      items.data.push(
        newItem(service, subscription.id, price, change.quantity ?? 1, {
          metadata: applyMetadata({}, change.metadata),
          trialEnd,
        }),
      )
      continue
    }
    const position = items.data.findIndex((item) => item.id === change.id)
    const item = items.data[position]
    if (!item)
      throw invalid(`No such subscription item: '${change.id}'`, `${param}[id]`, 'resource_missing')
    if (change.deleted) {
      items.data.splice(position, 1)
      continue
    }
    const fresh = newItem(
      service,
      subscription.id,
      price ?? item.price,
      change.quantity ?? item.quantity,
      {
        trialEnd: item.current_period_end,
      },
    )
    items.data[position] = {
      ...fresh,
      id: item.id,
      created: item['created'] ?? service.now(),
      current_period_start: item.current_period_start,
      metadata: applyMetadata((item['metadata'] ?? {}) as Record<string, string>, change.metadata),
    }
  }
  if (items.data.length === 0) {
    throw invalid('A subscription must have at least one active item.', 'items')
  }
}
