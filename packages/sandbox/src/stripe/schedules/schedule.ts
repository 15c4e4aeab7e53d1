import { refused } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeSubscription } from '../core/objects.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import { createSubscription } from '../subscriptions/create.ts'
import { endSubscription } from '../subscriptions/end.ts'
import { isEnded } from '../subscriptions/states.ts'
import { updateSubscription } from '../subscriptions/update.ts'
import type { Phase } from './phase.ts'
import { attach, detach, endOf } from './planned-end.ts'
import type { StripeSchedule } from './stripe-schedule.ts'

export function createSchedule(
  service: StripeService,
  input: {
    customer: string
    endBehavior: 'cancel' | 'release'
    metadata: Metadata
    phases: Phase[]
    subscription: StripeSubscription | null
  },
): StripeSchedule {
  const now = nowOf(service, input.customer)
  const { subscription } = input
  const schedule: StripeSchedule = {
    id: newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: subscription?.billing_mode ?? {
      flexible: { proration_discounts: 'included' },
      type: 'flexible',
    },
    canceled_at: null,
    completed_at: null,
    created: now,
    current_phase: null,
    customer: input.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: 'charge_automatically',
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: input.endBehavior,
    livemode: false,
    metadata: input.metadata,
    pause_schedules: [],
    phases: input.phases,
    released_at: null,
    released_subscription: null,
    status: subscription ? 'active' : 'not_started',
    subscription: subscription?.id ?? null,
    test_clock: find(service.state.customers, 'customer', input.customer).test_clock,
  }
  service.state.schedules[schedule.id] = schedule
  if (subscription) setCurrent(schedule, now)
  service.emit('subscription_schedule.created', schedule)
  if (subscription) attach(service, subscription, schedule)
  return schedule
}

export function setCurrent(schedule: StripeSchedule, now: number): Phase | undefined {
  const phase = schedule.phases.find((each) => each.start_date <= now && now < each.end_date)
  schedule.current_phase = phase ? { end_date: phase.end_date, start_date: phase.start_date } : null
  return phase
}

/** The first phase makes the subscription; a later one changes it. */
export function beginPhase(service: StripeService, schedule: StripeSchedule): void {
  const now = nowOf(service, schedule.customer)
  const before = structuredClone(schedule)
  const phase = setCurrent(schedule, now)
  if (!phase) return
  if (schedule.subscription === null) {
    const made = createSubscription(service, {
      customer: schedule.customer,
      items: phase.items.map(({ price, quantity, metadata }) => ({ price, quantity, metadata })),
      metadata: phase.metadata,
      ...(phase.trial_end === null ? {} : { trialEnd: phase.trial_end }),
      cancelAt: endOf(schedule) ?? undefined,
      isOffSession: true,
      paymentBehavior: hasCard(service, schedule.customer)
        ? 'allow_incomplete'
        : 'default_incomplete',
      schedule: schedule.id,
    })
    schedule.subscription = made.id
    schedule.status = 'active'
  } else {
    const subscription = find(service.state.subscriptions, 'subscription', schedule.subscription)
    // What waits for its first payment can't be changed.
    const isOpen = !isEnded(subscription) && subscription.status !== 'incomplete'
    if (isOpen) enter(service, subscription, phase)
  }
  service.emit('subscription_schedule.updated', schedule, before)
}

function hasCard({ state }: StripeService, customer: string): boolean {
  return (state.customers[customer]?.invoice_settings.default_payment_method ?? null) !== null
}

function enter(service: StripeService, subscription: StripeSubscription, phase: Phase): void {
  const wanted = new Map(phase.items.map((item) => [item.price, item]))
  const kept = subscription.items.data.filter((item) => wanted.has(item.price.id))
  const spare = subscription.items.data.filter((item) => !wanted.has(item.price.id))
  const added = phase.items.filter((item) => !kept.some(({ price }) => price.id === item.price))
  const items = [
    ...kept.map((item) => ({
      id: item.id,
      quantity: wanted.get(item.price.id)?.quantity ?? item.quantity ?? 1,
    })),
    // A price takes the place of one that leaves, so that the item keeps its id.
    ...added.map(({ price, quantity }) => {
      const place = spare.shift()
      return place ? { id: place.id, price, quantity } : { price, quantity }
    }),
    ...spare.map((item) => ({ id: item.id, deleted: true })),
  ]
  updateSubscription(service, subscription, {
    items,
    metadata: phase.metadata,
    off_session: true,
    proration_behavior: phase.proration_behavior,
    ...(phase.trial_end === null ? {} : { trial_end: phase.trial_end }),
    ...(phase.billing_cycle_anchor === 'phase_start' ? { billing_cycle_anchor: 'now' } : {}),
  })
}

/** After the last phase the subscription goes on alone, or ends with it. */
export function finishSchedule(service: StripeService, schedule: StripeSchedule): void {
  const subscription = service.state.subscriptions[schedule.subscription ?? '']
  if (schedule.end_behavior === 'release') {
    releaseSchedule(service, schedule, { keepsEnd: true })
    return
  }
  schedule.status = 'completed'
  schedule['completed_at'] = nowOf(service, schedule.customer)
  schedule.current_phase = null
  if (subscription) {
    subscription.schedule = null
    endSubscription(service, subscription)
  }
  service.emit('subscription_schedule.completed', schedule)
}

/** One that has no subscription yet will have none. */
export function cancelUnstarted(service: StripeService, schedule: StripeSchedule): void {
  if (schedule.status !== 'not_started') return
  schedule.status = 'canceled'
  schedule['canceled_at'] = nowOf(service, schedule.customer)
  service.emit('subscription_schedule.canceled', schedule)
}

/** The subscription goes on without its schedule; the end that this had planned is kept, or goes with it. */
export function releaseSchedule(
  service: StripeService,
  schedule: StripeSchedule,
  options: { readonly keepsEnd: boolean },
): void {
  if (schedule.status !== 'active' && schedule.status !== 'not_started') {
    throw refused(
      `You cannot release a subscription schedule that is currently in the \`${schedule.status}\` status.`,
    )
  }
  const subscription = service.state.subscriptions[schedule.subscription ?? '']
  schedule.status = 'released'
  schedule['released_at'] = nowOf(service, schedule.customer)
  schedule['released_subscription'] = schedule.subscription
  schedule.subscription = null
  schedule.current_phase = null
  service.emit('subscription_schedule.released', schedule)
  if (subscription) detach(service, subscription, schedule, options)
}
