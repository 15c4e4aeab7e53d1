import { invalid } from '../api/error.ts'
import type { Metadata, StripePrice, StripeSubscription } from '../core/objects.ts'
import { periodEnd, monthsAfter } from '../core/period.ts'
import type { StripeService } from '../core/service.ts'
import { findPrice } from '../subscriptions/item.ts'
import type { ProrationBehavior } from '../subscriptions/update.ts'

/** One stretch of a schedule, as Stripe shows it. */
export type Phase = {
  add_invoice_items: never[]
  application_fee_percent: null
  billing_cycle_anchor: 'automatic' | 'phase_start' | null
  billing_thresholds: null
  collection_method: null
  currency: string
  default_payment_method: null
  default_tax_rates: never[]
  description: null
  discounts: never[]
  end_date: number
  invoice_settings: null
  items: PhaseItem[]
  metadata: Metadata
  on_behalf_of: null
  proration_behavior: ProrationBehavior
  start_date: number
  transfer_data: null
  trial_end: number | null
}

type PhaseItem = {
  billing_thresholds: null
  discounts: never[]
  metadata: Metadata
  plan: string
  price: string
  quantity: number
  tax_rates: never[]
}

export interface PhaseInput {
  readonly items: readonly { price: string; quantity?: number; metadata?: Metadata }[]
  readonly billing_cycle_anchor?: 'automatic' | 'phase_start'
  readonly duration?: { interval: 'day' | 'month' | 'week' | 'year'; interval_count?: number }
  readonly end_date?: number
  readonly metadata?: Metadata
  readonly proration_behavior?: ProrationBehavior
  readonly start_date?: number
  readonly trial_end?: number
}

/** The phases one after the other; a phase without an end lasts one period of its first price. */
export function toPhases(
  service: StripeService,
  inputs: readonly PhaseInput[],
  { now, start }: { readonly now: number; readonly start: number },
): Phase[] {
  let from = start
  const phases = inputs.map((input, index) => {
    const param = `phases[${index}]`
    const prices = input.items.map(({ price }, at) =>
      findPrice(service, price, `${param}[items][${at}][price]`),
    )
    const [first] = prices
    if (!first)
      throw invalid(
        `Missing required param: ${param}[items].`,
        `${param}[items]`,
        'parameter_missing',
      )
    if (input.duration && input.end_date !== undefined) {
      throw invalid(
        'You may only specify one of these parameters: duration, end_date.',
        `${param}[duration]`,
      )
    }
    const begin = input.start_date ?? from
    const end = input.end_date ?? lengthen(begin, input.duration, first)
    if (end <= begin)
      throw invalid('The end date of a phase must be after its start date.', `${param}[end_date]`)
    from = end
    return {
      add_invoice_items: [],
      application_fee_percent: null,
      billing_cycle_anchor: input.billing_cycle_anchor ?? null,
      billing_thresholds: null,
      collection_method: null,
      currency: first.currency,
      default_payment_method: null,
      default_tax_rates: [],
      description: null,
      discounts: [],
      end_date: end,
      invoice_settings: null,
      items: input.items.map((item, at) => ({
        billing_thresholds: null,
        discounts: [],
        metadata: item.metadata ?? {},
        plan: item.price,
        price: (prices[at] ?? first).id,
        quantity: item.quantity ?? 1,
        tax_rates: [],
      })),
      metadata: input.metadata ?? {},
      on_behalf_of: null,
      proration_behavior: input.proration_behavior ?? 'create_prorations',
      start_date: begin,
      transfer_data: null,
      trial_end: input.trial_end ?? null,
    }
  })
  if (from > now) return phases
  throw invalid('The end date of the last phase must be in the future.', 'phases')
}

function lengthen(start: number, duration: PhaseInput['duration'], price: StripePrice): number {
  if (!duration) return periodEnd(start, start, price)
  const { interval, interval_count: count = 1 } = duration
  if (interval === 'day') return start + count * 86_400
  if (interval === 'week') return start + count * 7 * 86_400
  return monthsAfter(start, interval === 'year' ? 12 * count : count)
}

/** The phase that a subscription is in, as a schedule made from it begins. */
export function phaseOf(subscription: StripeSubscription): Phase {
  const [first] = subscription.items.data
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: subscription.currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: first?.current_period_end ?? subscription.created,
    invoice_settings: null,
    items: subscription.items.data.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: { ...item.metadata },
      plan: item.price.id,
      price: item.price.id,
      quantity: item.quantity ?? 1,
      tax_rates: [],
    })),
    metadata: {},
    on_behalf_of: null,
    proration_behavior: 'create_prorations',
    start_date: first?.current_period_start ?? subscription.created,
    transfer_data: null,
    trial_end: subscription.status === 'trialing' ? subscription.trial_end : null,
  }
}
