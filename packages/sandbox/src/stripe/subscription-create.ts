import { invalid } from './error.ts'
import { newId } from './id.ts'
import { announceInvoice, invoiceSubscription } from './invoices.ts'
import type { Json } from '../json.ts'
import type { Metadata } from './metadata.ts'
import { periodEnd } from './period.ts'
import { find, type StripeService } from './service.ts'
import type { StripePrice, StripeSubscription, StripeSubscriptionItem } from './state.ts'

export interface SubscriptionInput {
  readonly customer: string
  readonly items: readonly { price: string; quantity: number; metadata?: Metadata }[]
  readonly metadata: Metadata
  readonly trialPeriodDays?: number | undefined
  readonly trialEnd?: number | 'now' | undefined
  readonly trialSettings?: Json | undefined
  readonly cancelAtPeriodEnd?: boolean | undefined
  readonly description?: string | null | undefined
  readonly defaultPaymentMethod?: string | null | undefined
}

/** Trialing when there is a trial, else active: payments in the sandbox succeed. */
export function createSubscription(
  service: StripeService,
  input: SubscriptionInput,
): StripeSubscription {
  const now = service.now()
  const id = newId('sub')
  const trialEnd = endOfTrial(now, input)
  const items = input.items.map(({ price, quantity, metadata = {} }, index) =>
    newItem(service, id, findPrice(service, price, `items[${index}][price]`), quantity, {
      metadata,
      trialEnd,
    }),
  )
  const [first] = items
  if (!first) throw invalid('Missing required param: items.', 'items', 'parameter_missing')
  const subscription: StripeSubscription = {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: trialEnd ?? now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: input.cancelAtPeriodEnd ? first.current_period_end : null,
    cancel_at_period_end: input.cancelAtPeriodEnd ?? false,
    canceled_at: input.cancelAtPeriodEnd ? now : null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency: first.price.currency,
    customer: find(service.state.customers, 'customer', input.customer, 'customer').id,
    customer_account: null,
    days_until_due: null,
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: input.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
    items: {
      object: 'list',
      data: items,
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
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
    status: trialEnd === null ? 'active' : 'trialing',
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: input.trialSettings ?? {
      end_behavior: { missing_payment_method: 'create_invoice' },
    },
    trial_start: trialEnd === null ? null : now,
  }
  const customer = service.state.customers[subscription.customer]
  if (customer) customer['currency'] ??= first.price.currency
  service.state.subscriptions[id] = subscription
  const invoice = invoiceSubscription(service, subscription, 'subscription_create')
  service.emit('customer.subscription.created', subscription)
  announceInvoice(service, invoice)
  return subscription
}

function endOfTrial(now: number, input: SubscriptionInput): number | null {
  const { trialEnd, trialPeriodDays } = input
  if (trialEnd !== undefined && trialPeriodDays !== undefined) {
    throw invalid('You may only specify one of these parameters: trial_end, trial_period_days.')
  }
  if (trialPeriodDays !== undefined)
    return trialPeriodDays > 0 ? now + trialPeriodDays * 86_400 : null
  if (trialEnd === undefined || trialEnd === 'now') return null
  if (trialEnd <= now) throw invalid('Invalid timestamp: must be in the future', 'trial_end')
  return trialEnd
}

/** A recurring, active price, or the refusal that Stripe gives. */
export function findPrice(service: StripeService, id: string, param: string): StripePrice {
  const price = find(service.state.prices, 'price', id, param)
  if (!price.active) throw invalid(`The price specified is inactive.`, param)
  if (price.type !== 'recurring') {
    throw invalid(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      param,
    )
  }
  return price
}

/** A new line of a subscription; during a trial its first period is the trial. */
export function newItem(
  service: StripeService,
  subscription: string,
  price: StripePrice,
  quantity: number,
  options: { metadata?: Metadata; trialEnd: number | null },
): StripeSubscriptionItem {
  const now = service.now()
  return {
    id: newId('si', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: now,
    current_period_end: options.trialEnd ?? periodEnd(now, price),
    current_period_start: now,
    current_trial: null,
    discounts: [],
    metadata: options.metadata ?? {},
    plan: {
      id: price.id,
      object: 'plan',
      active: price.active,
      amount: price.unit_amount,
      amount_decimal: String(price.unit_amount),
      billing_scheme: 'per_unit',
      created: price.created,
      currency: price.currency,
      interval: price.recurring?.interval ?? 'month',
      interval_count: price.recurring?.interval_count ?? 1,
      livemode: false,
      metadata: price.metadata,
      meter: null,
      nickname: price['nickname'] ?? null,
      product: price.product,
      tiers_mode: null,
      transform_usage: null,
      trial_period_days: null,
      usage_type: price.recurring?.usage_type ?? 'licensed',
    },
    price: structuredClone(price),
    quantity,
    subscription,
    tax_rates: [],
  }
}
