import { invalid, missing } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata } from '../api/metadata.ts'
import { clearable, flag, hash, integer, oneOf, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { chosenDiscounts } from '../catalog/discounts.ts'
import type { StripeSubscription } from '../core/objects.ts'
import { change, expectCustomer, find, nowOf, type StripeService } from '../core/service.ts'
import { ownMethod } from '../payments/payment-method.ts'
import { expectUnmanaged } from './cancel-at.ts'
import { createSubscription } from './create.ts'
import { endNow } from './end-now.ts'
import { anchorChange, billingMode, itemChanges, newItems, shared } from './parameters.ts'
import { resume } from './resume.ts'
import { isEnded } from './states.ts'
import { defaultBillingMode } from './subscription.ts'
import { updateSubscription } from './update.ts'

const path = '/v1/subscriptions'

const statuses = oneOf(
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
)

function findLive(service: StripeService, id: string): StripeSubscription {
  const subscription = find(service.state.subscriptions, 'subscription', id)
  if (isEnded(subscription)) throw missing('subscription', id)
  return subscription
}

export const subscriptionRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      ...shared,
      billing_cycle_anchor: integer(),
      billing_mode: billingMode,
      currency: text(3),
      customer: required(text()),
      items: required(newItems),
      trial_period_days: integer(0, 730),
    },
    (service, { parameters }) => {
      const { customer, default_payment_method: method } = parameters
      find(service.state.customers, 'customer', customer, 'customer')
      if (typeof method === 'string') ownMethod(service, method, customer, 'default_payment_method')
      return createSubscription(service, {
        customer,
        items: parameters.items.map(({ price, quantity, metadata }) => ({
          price,
          quantity,
          metadata: applyMetadata({}, metadata),
        })),
        metadata: applyMetadata({}, parameters.metadata),
        billingCycleAnchor: parameters.billing_cycle_anchor,
        billingMode: parameters.billing_mode?.type ?? defaultBillingMode(service.version),
        cancelAt: parameters.cancel_at ?? undefined,
        cancelAtPeriodEnd: parameters.cancel_at_period_end,
        currency: parameters.currency,
        collectionMethod: parameters.collection_method,
        daysUntilDue: parameters.days_until_due,
        defaultPaymentMethod: method,
        description: parameters.description,
        discounts: chosenDiscounts(service, parameters.discounts ?? [], customer),
        isOffSession: parameters.off_session,
        paymentBehavior: parameters.payment_behavior,
        paymentSettings: parameters.payment_settings,
        trialEnd: parameters.trial_end,
        trialPeriodDays: parameters.trial_period_days,
        trialSettings: parameters.trial_settings,
      })
    },
  ),
  route(
    'GET',
    path,
    {
      ...listParameters,
      collection_method: oneOf('charge_automatically', 'send_invoice'),
      customer: text(),
      price: text(),
      status: statuses,
      test_clock: text(),
    },
    ({ state }, { parameters }) => {
      const { collection_method: method, customer, price, status, test_clock: clock } = parameters
      expectCustomer(state, customer)
      const keep = (subscription: StripeSubscription): boolean => {
        if (customer !== undefined && subscription.customer !== customer) return false
        if (method !== undefined && subscription.collection_method !== method) return false
        if (customer === undefined && subscription.test_clock !== (clock ?? null)) return false
        const prices = subscription.items.data.map((item) => item.price.id)
        if (price !== undefined && !prices.includes(price)) return false
        if (status === 'all') return true
        if (status === undefined) return subscription.status !== 'canceled'
        return status === 'ended' ? isEnded(subscription) : subscription.status === status
      }
      return page(path, 'subscription', Object.values(state.subscriptions), parameters, keep)
    },
  ),
  route('GET', `${path}/search`, searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      `${path}/search`,
      Object.values(state.subscriptions),
      ['canceled_at', 'created', 'metadata', 'status'],
      parameters,
    ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.subscriptions, 'subscription', id),
  ),
  route(
    'POST',
    `${path}/:id`,
    {
      ...shared,
      billing_cycle_anchor: anchorChange,
      cancellation_details: hash({
        comment: clearable(text()),
        feedback: clearable(
          oneOf(
            'customer_service',
            'low_quality',
            'missing_features',
            'other',
            'switched_service',
            'too_complex',
            'too_expensive',
            'unused',
          ),
        ),
      }),
      items: itemChanges,
      pause_collection: clearable(
        hash({
          behavior: required(oneOf('keep_as_draft', 'mark_uncollectible', 'void')),
          resumes_at: integer(),
        }),
      ),
      proration_date: integer(),
    },
    (service, { id, parameters }) => {
      const subscription = find(service.state.subscriptions, 'subscription', id)
      const {
        billing_cycle_anchor: anchor,
        default_payment_method: method,
        discounts,
        pause_collection: pause,
        ...rest
      } = parameters
      if (typeof method === 'string') {
        ownMethod(service, method, subscription.customer, 'default_payment_method')
      }
      expectUnmanaged(subscription, rest)
      const chosen = discounts && chosenDiscounts(service, discounts, subscription.customer)
      return updateSubscription(service, subscription, {
        ...rest,
        ...(anchor === undefined ? {} : { billing_cycle_anchor: anchor.type }),
        ...(method === undefined ? {} : { default_payment_method: method }),
        ...(chosen ? { discounts: chosen } : {}),
        ...(pause === undefined
          ? {}
          : {
              pause_collection:
                pause === null
                  ? null
                  : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null },
            }),
      })
    },
  ),
  route(
    'DELETE',
    `${path}/:id`,
    {
      cancellation_details: hash({ comment: clearable(text()), feedback: clearable(text()) }),
      invoice_now: flag(),
      prorate: flag(),
    },
    (service, { id, parameters }) => {
      const subscription = findLive(service, id)
      endNow(service, subscription, {
        details: parameters.cancellation_details ?? {},
        isInvoiced: parameters.invoice_now ?? false,
        isProrated: parameters.prorate ?? false,
      })
      return subscription
    },
  ),
  route(
    'POST',
    `${path}/:id/resume`,
    {
      billing_cycle_anchor: anchorChange,
      payment_behavior: oneOf('resume_on_payment_attempt', 'resume_on_payment_success'),
      proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
      proration_date: integer(),
    },
    (service, { id, parameters }) =>
      resume(service, find(service.state.subscriptions, 'subscription', id), {
        anchor: parameters.billing_cycle_anchor?.type ?? 'now',
        payment: parameters.payment_behavior ?? 'resume_on_payment_attempt',
      }),
  ),
  route(
    'POST',
    `${path}/:id/migrate`,
    { billing_mode: required(hash({ type: required(oneOf('flexible')) })) },
    (service, { id }) => {
      const subscription = findLive(service, id)
      if (subscription.billing_mode.type === 'flexible') {
        throw invalid('This subscription is already in flexible billing mode.', 'billing_mode')
      }
      return change(service, 'customer.subscription.updated', subscription, () => {
        subscription.billing_mode = {
          flexible: { proration_discounts: 'included' },
          type: 'flexible',
          updated_at: nowOf(service, subscription.customer),
        }
      })
    },
  ),
]
