import { invalid } from '../api/error.ts'
import { applyMetadata, type MetadataChange } from '../api/metadata.ts'
import type { StripePrice, StripeSubscription, StripeSubscriptionItem } from '../core/objects.ts'
import { periodEnd } from '../core/period.ts'
import type { StripeService } from '../core/service.ts'
import { expectCountable, expectCurrency, findPrice, newItem, planOf } from './item.ts'
import type { ItemChange } from './proration.ts'

/** What a request says of one item: an id changes it, none adds one. */
export interface ItemRequest {
  readonly deleted?: boolean
  readonly id?: string
  readonly metadata?: MetadataChange
  readonly price?: string
  readonly quantity?: number
}

/** Changes the items in place, and tells what was and is. */
export function changeItems(
  service: StripeService,
  subscription: StripeSubscription,
  requests: readonly ItemRequest[],
  now: number,
): ItemChange[] {
  const { items } = subscription
  const changes: ItemChange[] = []
  for (const [index, request] of requests.entries()) {
    const param = `items[${index}]`
    const price =
      request.price === undefined ? undefined : findPrice(service, request.price, `${param}[price]`)
    if (price) expectCurrency(price, subscription.currency, `${param}[price]`)
    if (request.id === undefined) {
      if (!price) {
        throw invalid(
          `Missing required param: ${param}[price].`,
          `${param}[price]`,
          'parameter_missing',
        )
      }
      const isTaken = items.data.some((item) => item.price.id === price.id)
      if (isTaken) {
        throw invalid(
          `Cannot add multiple subscription items with the same price: \`${price.id}\``,
          `${param}[price]`,
        )
      }
      const end =
        subscription.status === 'trialing' && subscription.trial_end !== null
          ? subscription.trial_end
          : periodEnd(subscription.billing_cycle_anchor, now, price)
      // Its period is that of the others in the same rhythm: only the rest of it is paid.
      const peer = items.data.find((item) => item.current_period_end === end)
      const after = newItem(subscription.id, {
        price,
        quantity: request.quantity,
        metadata: applyMetadata({}, request.metadata),
        created: now,
        period: { start: peer?.current_period_start ?? now, end },
      })
      items.data.push(after)
      changes.push({ before: undefined, after })
      continue
    }
    const position = items.data.findIndex((item) => item.id === request.id)
    const item = items.data[position]
    if (!item) {
      throw invalid(
        `No such subscription item: '${request.id}'`,
        `${param}[id]`,
        'resource_missing',
      )
    }
    if (request.deleted) {
      items.data.splice(position, 1)
      changes.push({ before: item, after: undefined })
      continue
    }
    const before = structuredClone(item)
    if (price) setPrice(item, price)
    if (request.quantity !== undefined) {
      expectCountable(item.price)
      item.quantity = request.quantity
    }
    item.metadata = applyMetadata(item.metadata, request.metadata)
    const isBilledOtherwise = before.price.id !== item.price.id || before.quantity !== item.quantity
    if (isBilledOtherwise) changes.push({ before, after: item })
  }
  if (items.data.length === 0) {
    throw invalid('A subscription must have at least one active item.', 'items')
  }
  return changes
}

/**
 * Another price, of which there is one, unless the request says otherwise.
 * Source: https://docs.stripe.com/api/subscription_items/update ("quantity is set to 1 unless …")
 */
function setPrice(item: StripeSubscriptionItem, price: StripePrice): void {
  if (item.price.id !== price.id) {
    if (price.recurring?.usage_type === 'metered') delete item.quantity
    else item.quantity = 1
  }
  item.price = structuredClone(price)
  item['plan'] = planOf(price)
}

/** A new period for every item, from now: the trial, or one by the prices' own rhythm. */
export function startPeriod(subscription: StripeSubscription, now: number): void {
  const isTrial = subscription.status === 'trialing' && subscription.trial_end !== null
  subscription.billing_cycle_anchor = isTrial ? (subscription.trial_end ?? now) : now
  for (const item of subscription.items.data) {
    item.current_period_start = now
    item.current_period_end = isTrial
      ? (subscription.trial_end ?? now)
      : periodEnd(subscription.billing_cycle_anchor, now, item.price)
  }
}
