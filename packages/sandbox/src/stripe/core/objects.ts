import type { Json } from '../../json.ts'

export type Metadata = { [name: string]: string }

/** Fields that every stored object has; the rest is Stripe's shape, kept as JSON. */
export type StripeObject = { id: string; object: string; created: number; [name: string]: Json }

type StripeList<T extends Json> = {
  object: 'list'
  data: T[]
  has_more: boolean
  url: string
}

export type StripeCustomer = StripeObject & {
  object: 'customer'
  balance: number
  currency: string | null
  email: string | null
  invoice_settings: { default_payment_method: string | null; [name: string]: Json }
  metadata: Metadata
  name: string | null
  next_invoice_sequence: number
  test_clock: string | null
}

export type StripeProduct = StripeObject & {
  object: 'product'
  active: boolean
  metadata: Metadata
  name: string
}

export type Interval = 'day' | 'week' | 'month' | 'year'

export type StripePrice = StripeObject & {
  object: 'price'
  active: boolean
  currency: string
  metadata: Metadata
  product: string
  type: 'one_time' | 'recurring'
  unit_amount: number
  recurring: {
    interval: Interval
    interval_count: number
    meter: string | null
    usage_type: 'licensed' | 'metered'
    [name: string]: Json
  } | null
}

export type StripeCoupon = StripeObject & {
  object: 'coupon'
  amount_off: number | null
  currency: string | null
  duration: 'forever' | 'once' | 'repeating'
  duration_in_months: number | null
  max_redemptions: number | null
  metadata: Metadata
  percent_off: number | null
  redeem_by: number | null
  times_redeemed: number
  valid: boolean
}

export type StripePromotionCode = StripeObject & {
  object: 'promotion_code'
  active: boolean
  code: string
  customer: string | null
  expires_at: number | null
  max_redemptions: number | null
  metadata: Metadata
  promotion: { coupon: string; type: 'coupon' }
  times_redeemed: number
}

/** A coupon in use. Stripe gives it no `created`; `start` says when it began. */
export type StripeDiscount = {
  id: string
  object: 'discount'
  checkout_session: string | null
  customer: string | null
  customer_account: null
  end: number | null
  invoice: string | null
  invoice_item: null
  promotion_code: string | null
  source: { coupon: string; type: 'coupon' }
  start: number
  subscription: string | null
  subscription_item: null
}

export type StripeLine = {
  id: string
  object: 'line_item'
  amount: number
  currency: string
  description: string | null
  discount_amounts: { amount: number; discount: string }[]
  discountable: boolean
  period: { start: number; end: number }
  quantity: number | null
  subscription: string | null
  [name: string]: Json
}

type InvoiceStatus = 'draft' | 'open' | 'paid' | 'uncollectible' | 'void'

export type StripeInvoice = StripeObject & {
  object: 'invoice'
  amount_due: number
  amount_paid: number
  amount_remaining: number
  attempt_count: number
  attempted: boolean
  auto_advance: boolean
  automatically_finalizes_at: number | null
  billing_reason: string
  collection_method: 'charge_automatically' | 'send_invoice'
  currency: string
  customer: string
  default_payment_method: string | null
  discounts: string[]
  due_date: number | null
  lines: StripeList<StripeLine>
  metadata: Metadata
  next_payment_attempt: number | null
  number: string | null
  parent: {
    quote_details: null
    subscription_details: {
      metadata: Metadata
      subscription: string
      subscription_proration_date?: number
    } | null
    type: 'subscription_details'
  } | null
  starting_balance: number
  ending_balance: number | null
  status: InvoiceStatus
  status_transitions: {
    finalized_at: number | null
    marked_uncollectible_at: number | null
    paid_at: number | null
    voided_at: number | null
  }
  subtotal: number
  total: number
}

export type SubscriptionStatus =
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
  object: 'subscription_item'
  created: number
  current_period_start: number
  current_period_end: number
  metadata: Metadata
  price: StripePrice
  /** Absent for a metered price. */
  quantity?: number
  subscription: string
  [name: string]: Json
}

export type StripeSubscription = StripeObject & {
  object: 'subscription'
  billing_cycle_anchor: number
  billing_mode: { type: 'classic' | 'flexible'; [name: string]: Json }
  cancel_at: number | null
  cancel_at_period_end: boolean
  canceled_at: number | null
  collection_method: 'charge_automatically' | 'send_invoice'
  currency: string
  customer: string
  days_until_due: number | null
  default_payment_method: string | null
  discounts: string[]
  ended_at: number | null
  items: StripeList<StripeSubscriptionItem>
  latest_invoice: string | null
  metadata: Metadata
  pause_collection: {
    behavior: 'keep_as_draft' | 'mark_uncollectible' | 'void'
    resumes_at: number | null
  } | null
  pending_setup_intent: string | null
  schedule: string | null
  start_date: number
  status: SubscriptionStatus
  test_clock: string | null
  trial_end: number | null
  trial_settings: {
    end_behavior: {
      billing_cycle_anchor: null
      missing_payment_method: 'cancel' | 'create_invoice' | 'pause'
    }
  }
  trial_start: number | null
}

export type StripeCheckoutSession = StripeObject & {
  object: 'checkout.session'
  amount_total: number | null
  customer: string | null
  customer_creation: 'always' | 'if_required' | null
  customer_email: string | null
  cancel_url: string | null
  expires_at: number
  invoice: string | null
  locale: string | null
  metadata: Metadata
  mode: 'payment' | 'setup' | 'subscription'
  payment_intent: string | null
  payment_method_collection: 'always' | 'if_required' | null
  payment_status: 'no_payment_required' | 'paid' | 'unpaid'
  setup_intent: string | null
  status: 'complete' | 'expired' | 'open'
  subscription: string | null
  success_url: string
  url: string | null
}

export type StripeEvent = StripeObject & {
  object: 'event'
  api_version: string
  data: { object: { [name: string]: Json }; previous_attributes?: { [name: string]: Json } }
  /** How many endpoints have yet to accept it. */
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

export type StripeTestClock = StripeObject & {
  object: 'test_helpers.test_clock'
  frozen_time: number
  status: 'advancing' | 'internal_failure' | 'ready'
  status_details: { advancing?: { target_frozen_time: number } }
}

export type StripeEndpoint = StripeObject & {
  object: 'v2.core.event_destination' | 'webhook_endpoint'
  api_version: string | null
  enabled_events: string[]
  metadata: Metadata
  status: 'disabled' | 'enabled'
  url: string
}
