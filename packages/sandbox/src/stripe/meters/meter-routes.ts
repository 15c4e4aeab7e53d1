import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { hash, integer, oneOf, required, text, texts } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripeObject } from '../core/objects.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import { usageOf } from './usage.ts'

const path = '/v1/billing/meters'
const daysBack = 35
const mostDigits = 15

const keys = { customer_mapping: 'stripe_customer_id', value_settings: 'value' } as const

function setStatus(
  service: StripeService,
  id: string,
  status: 'active' | 'inactive',
): StripeObject {
  const meter = find(service.state.meters, 'billing meter', id)
  if (meter['status'] === status) throw refused(`This meter is already ${status}.`)
  meter['status'] = status
  meter['status_transitions'] = { deactivated_at: status === 'active' ? null : service.now() }
  meter['updated'] = service.now()
  service.emit(
    status === 'active' ? 'billing.meter.reactivated' : 'billing.meter.deactivated',
    meter,
  )
  return meter
}

/** Source: https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation */
function expectDigits(value: string, param: string): void {
  const [digits = ''] = value.toLowerCase().split('e')
  const significant = digits.replaceAll(/[-+.]/g, '').replace(/^0+/, '')
  if (significant.length <= mostDigits) return
  throw invalid(
    `The value in the event payload can have at most ${mostDigits} digits. Received ${value}.`,
    param,
    'meter_event_value_too_many_digits',
  )
}

export const meterRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      customer_mapping: hash({
        event_payload_key: required(text(100)),
        type: required(oneOf('by_id')),
      }),
      default_aggregation: required(hash({ formula: required(oneOf('count', 'last', 'sum')) })),
      display_name: required(text(250)),
      event_name: required(text(100)),
      event_time_window: oneOf('day', 'hour'),
      value_settings: hash({ event_payload_key: required(text(100)) }),
    },
    (service, { parameters }) => {
      const isTaken = Object.values(service.state.meters).some(
        (meter) => meter['event_name'] === parameters.event_name && meter['status'] === 'active',
      )
      if (isTaken)
        throw refused(
          'An active meter already exists for this event name.',
          'resource_already_exists',
          'event_name',
        )
      const meter: StripeObject = {
        id: newId('mtr_test', 32),
        object: 'billing.meter',
        created: service.now(),
        customer_mapping: {
          event_payload_key:
            parameters.customer_mapping?.event_payload_key ?? keys.customer_mapping,
          type: 'by_id',
        },
        default_aggregation: { formula: parameters.default_aggregation.formula },
        display_name: parameters.display_name,
        event_name: parameters.event_name,
        event_time_window: parameters.event_time_window ?? null,
        livemode: false,
        status: 'active',
        status_transitions: { deactivated_at: null },
        updated: service.now(),
        value_settings: {
          event_payload_key: parameters.value_settings?.event_payload_key ?? keys.value_settings,
        },
      }
      service.state.meters[meter.id] = meter
      service.emit('billing.meter.created', meter)
      return meter
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, status: oneOf('active', 'inactive') },
    ({ state }, { parameters }) =>
      page(
        path,
        'billing meter',
        Object.values(state.meters),
        parameters,
        (meter) => meter['status'] === (parameters.status ?? meter['status']),
      ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) => find(state.meters, 'billing meter', id)),
  route('POST', `${path}/:id`, { display_name: text(250) }, (service, { id, parameters }) => {
    const meter = find(service.state.meters, 'billing meter', id)
    meter['display_name'] = parameters.display_name ?? meter['display_name'] ?? ''
    meter['updated'] = service.now()
    service.emit('billing.meter.updated', meter)
    return meter
  }),
  route('POST', `${path}/:id/deactivate`, {}, (service, { id }) =>
    setStatus(service, id, 'inactive'),
  ),
  route('POST', `${path}/:id/reactivate`, {}, (service, { id }) =>
    setStatus(service, id, 'active'),
  ),
  route(
    'GET',
    `${path}/:id/event_summaries`,
    {
      customer: required(text()),
      end_time: required(integer()),
      ending_before: text(),
      limit: integer(1, 100),
      start_time: required(integer()),
      starting_after: text(),
      value_grouping_window: oneOf('day', 'hour'),
    },
    (service, { id, parameters }) => {
      const meter = find(service.state.meters, 'billing meter', id)
      const {
        customer,
        end_time: end,
        start_time: start,
        value_grouping_window: window,
      } = parameters
      if (start >= end) throw invalid('start_time must be before end_time.', 'start_time')
      const step = window === undefined ? end - start : window === 'day' ? 86_400 : 3600
      const summaries: { id: string; [name: string]: string | number | boolean }[] = []
      for (let from = start; from < end; from += step) {
        const to = Math.min(from + step, end)
        const value = usageOf(service.state, meter, customer, from, to)
        if (window !== undefined && value === 0) continue
        summaries.push({
          id: `mtrusg_test_${id.slice(-8)}${from}`,
          object: 'billing.meter_event_summary',
          aggregated_value: value,
          end_time: to,
          livemode: false,
          meter: id,
          start_time: from,
        })
      }
      const url = `${path}/${id}/event_summaries`
      const { limit, starting_after: after, ending_before: before } = parameters
      return page(url, 'event summary', summaries, {
        ...(limit === undefined ? {} : { limit }),
        ...(after === undefined ? {} : { starting_after: after }),
        ...(before === undefined ? {} : { ending_before: before }),
      })
    },
  ),
  route(
    'POST',
    '/v1/billing/meter_events',
    {
      event_name: required(text(100)),
      identifier: text(100),
      payload: required(texts()),
      timestamp: integer(),
    },
    (service, { parameters }) => {
      const { event_name: name, identifier = newId('idem'), payload } = parameters
      const meter = Object.values(service.state.meters).find(
        (each) => each['event_name'] === name && each['status'] === 'active',
      )
      if (!meter)
        throw refused(
          `No active meter found for event name ${name}.`,
          'resource_missing',
          'event_name',
        )
      const { event_payload_key: customerKey } = meter['customer_mapping'] as {
        event_payload_key: string
      }
      const { event_payload_key: valueKey } = meter['value_settings'] as {
        event_payload_key: string
      }
      const customer = payload[customerKey]
      const value = Number(payload[valueKey] ?? 1)
      if (customer === undefined)
        throw invalid(
          `Missing required param: payload[${customerKey}].`,
          'payload',
          'parameter_missing',
        )
      find(service.state.customers, 'customer', customer, `payload[${customerKey}]`)
      if (!Number.isFinite(value))
        throw invalid(`Invalid value: ${payload[valueKey]}`, `payload[${valueKey}]`)
      expectDigits(payload[valueKey] ?? '1', `payload[${valueKey}]`)
      const now = nowOf(service, customer)
      const { timestamp = now } = parameters
      if (timestamp < now - daysBack * 86_400 || timestamp > now + 300) {
        throw invalid(
          `The timestamp must be within the past ${daysBack} days and at most 5 minutes ahead.`,
          'timestamp',
        )
      }
      const known = Object.values(service.state.meterEvents).find(
        (record) => record.identifier === identifier && record.timestamp > now - 86_400,
      )
      if (known) {
        // Stripe sends no code with it.
        throw refused(`An event already exists with identifier ${identifier}.`)
      }
      service.state.meterEvents[newId('mev')] = {
        customer,
        identifier,
        meter: meter.id,
        timestamp,
        value,
      }
      return {
        object: 'billing.meter_event',
        created: now,
        event_name: name,
        identifier,
        livemode: false,
        payload,
        timestamp,
      }
    },
  ),
]
