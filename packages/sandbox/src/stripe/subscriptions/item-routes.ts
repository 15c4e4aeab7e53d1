import { missing } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { metadata } from '../api/metadata.ts'
import { flag, integer, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import type { StripeSubscription, StripeSubscriptionItem } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { paymentBehavior, prorationBehavior } from './parameters.ts'
import { updateSubscription } from './update.ts'

const path = '/v1/subscription_items'

const change = {
  metadata: metadata(),
  off_session: flag(),
  payment_behavior: paymentBehavior,
  price: text(),
  proration_behavior: prorationBehavior,
  proration_date: integer(),
  quantity: integer(),
}

function holderOf(
  service: StripeService,
  id: string,
): { subscription: StripeSubscription; item: StripeSubscriptionItem } {
  for (const subscription of Object.values(service.state.subscriptions)) {
    const item = subscription.items.data.find((each) => each.id === id)
    if (item) return { subscription, item }
  }
  throw missing('subscription item', id)
}

export const subscriptionItemRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    { ...change, price: required(text()), subscription: required(text()) },
    (service, { parameters }) => {
      const { subscription: id, price, quantity, metadata: given, ...rest } = parameters
      const subscription = find(service.state.subscriptions, 'subscription', id, 'subscription')
      const request = {
        price,
        ...(quantity === undefined ? {} : { quantity }),
        ...(given === undefined ? {} : { metadata: given }),
      }
      const after = updateSubscription(service, subscription, { ...rest, items: [request] })
      return after.items.data.at(-1) ?? {}
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, subscription: required(text()) },
    ({ state }, { parameters }) => {
      const { subscription: id, created: _created, ...call } = parameters
      const { items } = find(state.subscriptions, 'subscription', id, 'subscription')
      return page(path, 'subscription item', items.data.toReversed(), call)
    },
  ),
  route('GET', `${path}/:id`, {}, (service, { id }) => holderOf(service, id).item),
  route('POST', `${path}/:id`, change, (service, { id, parameters }) => {
    const { subscription } = holderOf(service, id)
    const { price, quantity, metadata: given, ...rest } = parameters
    const request = {
      id,
      ...(price === undefined ? {} : { price }),
      ...(quantity === undefined ? {} : { quantity }),
      ...(given === undefined ? {} : { metadata: given }),
    }
    updateSubscription(service, subscription, { ...rest, items: [request] })
    return holderOf(service, id).item
  }),
  route(
    'DELETE',
    `${path}/:id`,
    { clear_usage: flag(), proration_behavior: prorationBehavior, proration_date: integer() },
    (service, { id, parameters }) => {
      const { subscription } = holderOf(service, id)
      const { clear_usage: _usage, ...rest } = parameters
      updateSubscription(service, subscription, { ...rest, items: [{ id, deleted: true }] })
      return { id, object: 'subscription_item', deleted: true }
    },
  ),
]
