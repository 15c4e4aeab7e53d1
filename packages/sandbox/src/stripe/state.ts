import type { Json, JsonObject } from '../json.ts'
import type { Metadata } from './metadata.ts'

/** Fields that every stored object has; the rest is Stripe's shape, kept as JSON. */
export type StripeObject = {
  id: string
  object: string
  created: number
  metadata: Metadata
  [name: string]: Json
}

export type StripeCustomer = StripeObject & { object: 'customer'; email: string | null }
export type StripeProduct = StripeObject & { object: 'product'; name: string; active: boolean }

export type StripePrice = StripeObject & {
  object: 'price'
  active: boolean
  currency: string
  product: string
  type: 'one_time' | 'recurring'
  unit_amount: number
  recurring: {
    interval: Interval
    interval_count: number
    usage_type: string
    [name: string]: Json
  } | null
}

export type Interval = 'day' | 'week' | 'month' | 'year'

export type StripeCheckoutSession = StripeObject & {
  object: 'checkout.session'
  mode: 'payment' | 'setup' | 'subscription'
  status: 'open' | 'complete' | 'expired'
  payment_status: 'paid' | 'unpaid' | 'no_payment_required'
  customer: string | null
  customer_email: string | null
  subscription: string | null
  success_url: string
  cancel_url: string | null
  expires_at: number
  locale: string | null
  url: string | null
}

type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'paused'
  | 'trialing'
  | 'unpaid'

export type StripeSubscriptionItem = {
  id: string
  price: StripePrice
  quantity: number
  current_period_start: number
  current_period_end: number
  [name: string]: Json
}

export type StripeSubscription = StripeObject & {
  object: 'subscription'
  customer: string
  status: SubscriptionStatus
  items: { object: 'list'; data: StripeSubscriptionItem[]; has_more: boolean; url: string }
  cancel_at: number | null
  cancel_at_period_end: boolean
  canceled_at: number | null
  ended_at: number | null
  trial_start: number | null
  trial_end: number | null
  default_payment_method: string | null
  latest_invoice: string | null
}

export type StripeEvent = {
  id: string
  object: 'event'
  api_version: string
  created: number
  data: { object: JsonObject; previous_attributes?: JsonObject }
  livemode: boolean
  /** How many endpoints have yet to accept it: 1 until delivered, 0 after. */
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

/** One line of a checkout session, kept apart because sessions show lines only when asked. */
export type CheckoutLine = { id: string; price: string; quantity: number }

/** What a session must remember until it is completed. */
type CheckoutPlan = {
  lines: CheckoutLine[]
  subscriptionData: JsonObject
  subscriptionMetadata: Metadata
}

export type StoredReply = {
  method: string
  path: string
  fingerprint: string
  createdAt: number
  status: number
  body: JsonObject
  requestId: string
}

export type StripeState = {
  customers: Record<string, StripeCustomer>
  products: Record<string, StripeProduct>
  prices: Record<string, StripePrice>
  sessions: Record<string, StripeCheckoutSession>
  plans: Record<string, CheckoutPlan>
  subscriptions: Record<string, StripeSubscription>
  portalSessions: Record<string, StripeObject>
  invoices: Record<string, StripeObject>
  intents: Record<string, StripeObject>
  events: Record<string, StripeEvent>
  /** Ids of deleted objects → what they were. */
  deleted: Record<string, string>
  idempotency: Record<string, StoredReply>
}

export function emptyStripeState(): StripeState {
  return {
    customers: {},
    products: {},
    prices: {},
    sessions: {},
    plans: {},
    subscriptions: {},
    portalSessions: {},
    invoices: {},
    intents: {},
    events: {},
    deleted: {},
    idempotency: {},
  }
}
