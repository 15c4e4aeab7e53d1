import { apiVersion } from '../core/service.ts'
import type {
  Metadata,
  StripeCustomer,
  StripeSubscription,
  StripeSubscriptionItem,
  SubscriptionStatus,
} from '../core/objects.ts'

/** From this version on a new subscription is in flexible mode. */
const flexibleSince = '2025-09-30'

/** The billing mode of a new subscription that names none. */
export function defaultBillingMode(version: string = apiVersion): 'classic' | 'flexible' {
  return version.slice(0, flexibleSince.length) >= flexibleSince ? 'flexible' : 'classic'
}

export interface SubscriptionBasics {
  readonly id: string
  readonly anchor: number
  readonly billingMode: 'classic' | 'flexible'
  readonly currency: string
  readonly customer: StripeCustomer
  readonly items: StripeSubscriptionItem[]
  readonly metadata: Metadata
  readonly now: number
  readonly status: SubscriptionStatus
  readonly trialEnd: number | null
}

/** A subscription in Stripe's shape, with what every one has. */
export function emptySubscription(basics: SubscriptionBasics): StripeSubscription {
  const { id, anchor, billingMode, currency, customer, items, metadata, now, status, trialEnd } =
    basics
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: anchor,
    billing_cycle_anchor_config: null,
    billing_mode: {
      flexible: billingMode === 'flexible' ? { proration_discounts: 'included' } : null,
      type: billingMode,
    },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: items,
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status,
    test_clock: customer.test_clock,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: trialSettingsOf('create_invoice'),
    trial_start: trialEnd === null ? null : now,
  }
}

/** What a trial without a card comes to. */
export function trialSettingsOf(
  missing: 'cancel' | 'create_invoice' | 'pause',
): StripeSubscription['trial_settings'] {
  return { end_behavior: { billing_cycle_anchor: null, missing_payment_method: missing } }
}
