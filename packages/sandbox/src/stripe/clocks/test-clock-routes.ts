import { invalid, StripeFailure } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { integer, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripePrice, StripeTestClock } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'

const path = '/v1/test_helpers/test_clocks'
const twoYears = 2 * 366 * 86_400
const month = 31 * 86_400

export const testClockRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    { frozen_time: required(integer()), name: text(300) },
    (service, { parameters }) => {
      const clock: StripeTestClock = {
        id: newId('clock'),
        object: 'test_helpers.test_clock',
        created: service.now(),
        deletes_after: service.now() + 30 * 86_400,
        frozen_time: parameters.frozen_time,
        livemode: false,
        name: parameters.name ?? null,
        status: 'ready',
        status_details: {},
      }
      service.state.clocks[clock.id] = clock
      service.emit('test_helpers.test_clock.created', clock)
      return clock
    },
  ),
  route('GET', path, listParameters, ({ state }, { parameters }) =>
    page(path, 'test clock', Object.values(state.clocks), parameters),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) => find(state.clocks, 'test clock', id)),
  route(
    'POST',
    `${path}/:id/advance`,
    { frozen_time: required(integer()) },
    (service, { id, parameters }) => {
      const clock = find(service.state.clocks, 'test clock', id)
      const { frozen_time: target } = parameters
      if (clock.status !== 'ready') {
        throw new StripeFailure(429, 'Test clock advancement is under way.', {
          code: 'lock_timeout',
        })
      }
      if (target <= clock.frozen_time) {
        throw invalid(
          'The time to advance to must be after the current time of the clock.',
          'frozen_time',
        )
      }
      if (target > clock.frozen_time + farthest(service, id)) {
        throw invalid(
          'Cannot advance more than two intervals of the shortest subscription on this test clock, or two years without one.',
          'frozen_time',
        )
      }
      clock.status = 'advancing'
      clock.status_details = { advancing: { target_frozen_time: target } }
      service.emit('test_helpers.test_clock.advancing', clock)
      return clock
    },
  ),
  route('DELETE', `${path}/:id`, {}, (service, { id }) => {
    const { state } = service
    const clock = find(state.clocks, 'test clock', id)
    const customers = Object.values(state.customers).filter(
      (customer) => customer.test_clock === id,
    )
    for (const { id: customer } of customers) {
      for (const subscription of Object.values(state.subscriptions)) {
        if (subscription.customer === customer) delete state.subscriptions[subscription.id]
      }
      delete state.customers[customer]
      state.deleted[customer] = 'customer'
    }
    delete state.clocks[id]
    state.deleted[id] = 'test_helpers.test_clock'
    service.emit('test_helpers.test_clock.deleted', clock)
    return { id, object: 'test_helpers.test_clock', deleted: true }
  }),
]

function farthest({ state }: StripeService, clock: string): number {
  const lengths = Object.values(state.subscriptions)
    .filter((subscription) => subscription.test_clock === clock)
    .flatMap(({ items }) => items.data.map(({ price }) => lengthOf(price)))
  return lengths.length === 0 ? twoYears : 2 * Math.min(...lengths)
}

function lengthOf({ recurring }: StripePrice): number {
  const { interval = 'month', interval_count: count = 1 } = recurring ?? {}
  const one = { day: 86_400, week: 7 * 86_400, month, year: 366 * 86_400 }[interval]
  return one * count
}
