import { invalid, missing, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import {
  flag,
  hash,
  integer,
  list,
  oneOf,
  required,
  text,
  type Parameter,
} from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { change, find, nowOf } from '../core/service.ts'
import { endNow } from '../subscriptions/end-now.ts'
import { isEnded } from '../subscriptions/states.ts'
import { type PhaseInput, phaseOf, toPhases } from './phase.ts'
import { endOf, showEnd } from './planned-end.ts'
import {
  beginPhase,
  cancelUnstarted,
  createSchedule,
  releaseSchedule,
  setCurrent,
} from './schedule.ts'
import type { StripeSchedule } from './stripe-schedule.ts'

const path = '/v1/subscription_schedules'

const texts: Parameter<Record<string, string>> = {
  read: (value, name) => applyMetadata({}, metadata().read(value, name)),
}

const nowOrMoment: Parameter<number | 'now'> = {
  read: (value, name) => (value === 'now' ? 'now' : integer().read(value, name)),
}

const phases = list(
  hash({
    billing_cycle_anchor: oneOf('automatic', 'phase_start'),
    duration: hash({
      interval: required(oneOf('day', 'month', 'week', 'year')),
      interval_count: integer(1),
    }),
    end_date: integer(),
    items: required(list(hash({ price: required(text()), quantity: integer(), metadata: texts }))),
    metadata: texts,
    proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
    start_date: nowOrMoment,
    trial_end: integer(),
  }),
)

/** `now` becomes the moment; the rest is as it was read. */
function resolved(inputs: readonly object[], now: number): PhaseInput[] {
  return inputs.map((input) => {
    const phase = structuredClone(input) as { start_date?: number | 'now' }
    if (phase.start_date === 'now') phase.start_date = now
    return phase as PhaseInput
  })
}

export const scheduleRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      customer: text(),
      end_behavior: oneOf('cancel', 'release'),
      from_subscription: text(),
      metadata: metadata(),
      phases,
      start_date: nowOrMoment,
    },
    (service, { parameters }) => {
      const {
        customer,
        end_behavior: endBehavior = 'release',
        from_subscription: from,
      } = parameters
      if (from !== undefined) {
        const other = Object.keys(parameters).find((name) => name !== 'from_subscription')
        if (other !== undefined) {
          throw invalid(`You cannot set \`${other}\` if \`from_subscription\` is set.`, other)
        }
        const subscription = find(
          service.state.subscriptions,
          'subscription',
          from,
          'from_subscription',
        )
        if (isEnded(subscription)) throw missing('subscription', from, 'from_subscription')
        if (subscription.schedule !== null) {
          throw refused('You cannot migrate a subscription that is already attached to a schedule.')
        }
        return createSchedule(service, {
          customer: subscription.customer,
          endBehavior: 'release',
          metadata: {},
          phases: [phaseOf(subscription)],
          subscription,
        })
      }
      if (customer === undefined || !parameters.phases) {
        throw invalid('Missing required param: phases.', 'phases', 'parameter_missing')
      }
      find(service.state.customers, 'customer', customer, 'customer')
      const now = nowOf(service, customer)
      const { start_date: start = 'now' } = parameters
      const schedule = createSchedule(service, {
        customer,
        endBehavior,
        metadata: applyMetadata({}, parameters.metadata),
        phases: toPhases(service, resolved(parameters.phases, now), {
          now,
          start: start === 'now' ? now : start,
        }),
        subscription: null,
      })
      if (start === 'now' || start <= now) beginPhase(service, schedule)
      return schedule
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, customer: text(), scheduled: flag() },
    ({ state }, { parameters }) =>
      page(
        path,
        'subscription schedule',
        Object.values(state.schedules),
        parameters,
        (schedule) => {
          const { customer, scheduled } = parameters
          return (
            schedule['customer'] === (customer ?? schedule['customer']) &&
            (scheduled === undefined || (schedule['status'] === 'not_started') === scheduled)
          )
        },
      ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.schedules, 'subscription schedule', id),
  ),
  route(
    'POST',
    `${path}/:id`,
    {
      end_behavior: oneOf('cancel', 'release'),
      metadata: metadata(),
      phases,
      proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
    },
    (service, { id, parameters }) => {
      const schedule = find(service.state.schedules, 'subscription schedule', id) as StripeSchedule
      if (schedule.status !== 'active' && schedule.status !== 'not_started') {
        throw refused(
          `You cannot update a subscription schedule that is currently in the \`${schedule.status}\` status.`,
        )
      }
      const now = nowOf(service, schedule.customer)
      const given = parameters.phases && resolved(parameters.phases, now)
      if (given) expectAnchored(schedule, given)
      const [first] = schedule.phases
      const planned = given
        ? toPhases(service, given, { now, start: first?.start_date ?? now })
        : schedule.phases
      const before = endOf(schedule)
      change(service, 'subscription_schedule.updated', schedule, () => {
        schedule.end_behavior = parameters.end_behavior ?? schedule.end_behavior
        schedule.metadata = applyMetadata(schedule.metadata, parameters.metadata)
        schedule.phases = planned
        if (schedule.status === 'active') setCurrent(schedule, now)
      })
      const subscription = service.state.subscriptions[schedule.subscription ?? '']
      if (subscription) showEnd(service, subscription, before, endOf(schedule))
      return schedule
    },
  ),
  route(
    'POST',
    `${path}/:id/release`,
    { preserve_cancel_date: flag() },
    (service, { id, parameters }) => {
      const schedule = find(service.state.schedules, 'subscription schedule', id) as StripeSchedule
      releaseSchedule(service, schedule, { keepsEnd: parameters.preserve_cancel_date ?? false })
      return schedule
    },
  ),
  route(
    'POST',
    `${path}/:id/cancel`,
    { invoice_now: flag(), prorate: flag() },
    (service, { id, parameters }) => {
      const schedule = find(service.state.schedules, 'subscription schedule', id) as StripeSchedule
      if (schedule.status !== 'active' && schedule.status !== 'not_started') {
        throw refused(
          `You cannot cancel a subscription schedule that is currently in the \`${schedule.status}\` status.`,
        )
      }
      const subscription = service.state.subscriptions[schedule.subscription ?? '']
      if (subscription) {
        // The subscription takes its schedule with it.
        endNow(service, subscription, {
          details: {},
          isInvoiced: parameters.invoice_now ?? true,
          isProrated: parameters.prorate ?? true,
        })
        return schedule
      }
      cancelUnstarted(service, schedule)
      return schedule
    },
  ),
]

/**
 * Phases of a schedule that has begun say where they begin, and the current one begins where it did.
 * Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules#updating-a-subscription-schedule
 */
function expectAnchored(schedule: StripeSchedule, phases: readonly PhaseInput[]): void {
  if (phases.every((phase) => phase.start_date === undefined)) {
    throw invalid(
      'The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to.',
      'phases',
    )
  }
  const { current_phase: current } = schedule
  const begins = phases.some((phase) => phase.start_date === current?.start_date)
  if (current === null || begins) return
  throw invalid('You can not modify the start date of the current phase.', 'phases[0][start_date]')
}
