import { applyMetadata, metadata } from './metadata.ts'
import { missing } from './error.ts'
import { listParameters, page } from './listing.ts'
import {
  clearable,
  flag,
  hash,
  integer,
  list,
  oneOf,
  opaque,
  required,
  text,
  type Parameter,
} from './parameters.ts'
import { route, type Route } from './route.ts'
import { find, type StripeService } from './service.ts'
import type { StripeSubscription } from './state.ts'
import { createSubscription } from './subscription-create.ts'
import { endSubscription, isEnded } from './subscription-end.ts'
import { updateSubscription } from './subscription-update.ts'

const trialEnd: Parameter<number | 'now'> = {
  read: (value, name) => (value === 'now' ? 'now' : integer().read(value, name)),
}

const trialSettings = hash({
  end_behavior: required(
    hash({ missing_payment_method: required(oneOf('cancel', 'create_invoice', 'pause')) }),
  ),
})

/** Accepted and without effect here: the sandbox neither prorates nor declines a subscription. */
const withoutEffect = {
  automatic_tax: opaque(),
  collection_method: oneOf('charge_automatically'),
  off_session: flag(),
  payment_behavior: oneOf(
    'allow_incomplete',
    'default_incomplete',
    'error_if_incomplete',
    'pending_if_incomplete',
  ),
  payment_settings: opaque(),
  proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
}

const shared = {
  cancel_at_period_end: flag(),
  default_payment_method: text(),
  description: clearable(text(500)),
  metadata: metadata(),
  trial_end: trialEnd,
  trial_settings: trialSettings,
}

function withoutIgnored<T extends object>(values: T): Omit<T, keyof typeof withoutEffect> {
  const kept = Object.entries(values).filter(([name]) => !Object.hasOwn(withoutEffect, name))
  return Object.fromEntries(kept) as Omit<T, keyof typeof withoutEffect>
}

function findLive(service: StripeService, id: string): StripeSubscription {
  const subscription = find(service.state.subscriptions, 'subscription', id)
  if (isEnded(subscription)) throw missing('subscription', id)
  return subscription
}

export const subscriptionRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/subscriptions',
    {
      ...shared,
      ...withoutEffect,
      customer: required(text()),
      items: required(
        list(hash({ price: required(text()), quantity: integer(), metadata: metadata() })),
      ),
      trial_period_days: integer(0, 730),
    },
    (service, { parameters }) =>
      createSubscription(service, {
        customer: parameters.customer,
        items: parameters.items.map(({ price, quantity = 1, metadata }) => ({
          price,
          quantity,
          metadata: applyMetadata({}, metadata),
        })),
        metadata: applyMetadata({}, parameters.metadata),
        trialPeriodDays: parameters.trial_period_days,
        trialEnd: parameters.trial_end,
        trialSettings: parameters.trial_settings,
        cancelAtPeriodEnd: parameters.cancel_at_period_end,
        description: parameters.description,
        defaultPaymentMethod: parameters.default_payment_method,
      }),
  ),
  route(
    'GET',
    '/v1/subscriptions',
    {
      ...listParameters,
      customer: text(),
      price: text(),
      status: oneOf(
        'active',
        'all',
        'canceled',
        'ended',
        'incomplete',
        'incomplete_expired',
        'past_due',
        'paused',
        'trialing',
        'unpaid',
      ),
    },
    ({ state }, { parameters }) => {
      const { customer, price, status } = parameters
      const keep = (subscription: StripeSubscription): boolean => {
        if (customer !== undefined && subscription.customer !== customer) return false
        const prices = subscription.items.data.map((item) => item.price.id)
        if (price !== undefined && !prices.includes(price)) return false
        if (status === 'all') return true
        if (status === undefined) return subscription.status !== 'canceled'
        return status === 'ended' ? isEnded(subscription) : subscription.status === status
      }
      const all = Object.values(state.subscriptions)
      return page('/v1/subscriptions', 'subscription', all, parameters, keep)
    },
  ),
  route('GET', '/v1/subscriptions/:id', {}, ({ state }, { id }) =>
    find(state.subscriptions, 'subscription', id),
  ),
  route(
    'POST',
    '/v1/subscriptions/:id',
    {
      ...shared,
      ...withoutEffect,
      cancel_at: clearable(integer()),
      cancellation_details: opaque(),
      items: list(
        hash({
          id: text(),
          price: text(),
          quantity: integer(),
          deleted: flag(),
          metadata: metadata(),
        }),
      ),
      pause_collection: opaque(),
    },
    (service, { id, parameters }) => {
      const subscription = find(service.state.subscriptions, 'subscription', id)
      return updateSubscription(service, subscription, withoutIgnored(parameters))
    },
  ),
  route(
    'DELETE',
    '/v1/subscriptions/:id',
    { cancellation_details: opaque(), invoice_now: flag(), prorate: flag() },
    (service, { id }) => {
      const subscription = findLive(service, id)
      endSubscription(service, subscription)
      return subscription
    },
  ),
]
