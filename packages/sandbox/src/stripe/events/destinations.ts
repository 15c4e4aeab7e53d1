import { textOf } from '../../json.ts'
import type { StripeEndpoint, StripeEvent } from '../core/objects.ts'
import { apiVersion } from '../core/service.ts'
import type { StripeState } from '../core/state.ts'

/** Where events go: an endpoint of the API, or the one that the sandbox's user set. */
export interface Destination {
  readonly id: string
  readonly url: string
  readonly secret: string
  readonly apiVersion: string
  /** Only the event's id and the object's, of the v2 API. */
  readonly isThin: boolean
  wants(type: string): boolean
}

/** `*`, a type, or `customer.*`. */
export function matchesType(pattern: string, type: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}

/** The endpoints that were made by the API and are enabled. */
export function endpointsOf(state: StripeState): Destination[] {
  return Object.values(state.endpoints)
    .filter((endpoint) => endpoint.status === 'enabled')
    .map((endpoint) => destinationOf(state, endpoint))
}

function destinationOf(state: StripeState, endpoint: StripeEndpoint): Destination {
  const isThin = endpoint.object !== 'webhook_endpoint'
  const patterns = endpoint.enabled_events
  return {
    id: endpoint.id,
    url: endpoint.url,
    secret: state.endpointSecrets[endpoint.id] ?? '',
    apiVersion: endpoint.api_version ?? apiVersion,
    isThin,
    wants: (type) => patterns.includes('*') || patterns.includes(isThin ? `v1.${type}` : type),
  }
}

/** An event of the v2 API: what happened to which object, and nothing of the object. */
export function thinEvent(event: StripeEvent): { [name: string]: unknown } {
  const { object } = event.data
  const kind = textOf(object['object'])
  const { id: request, idempotency_key: key } = event.request
  return {
    id: event.id,
    object: 'v2.core.event',
    context: null,
    created: new Date(event.created * 1000).toISOString(),
    livemode: false,
    reason:
      request === null
        ? null
        : { type: 'request', request: { id: request, idempotency_key: key ?? '' } },
    related_object: {
      id: object['id'] ?? null,
      type: kind,
      url: urlOf(kind, textOf(object['id'])),
    },
    type: `v1.${event.type}`,
  }
}

function urlOf(kind: string, id: string): string {
  const plural: Readonly<Record<string, string>> = {
    'billing.meter': 'billing/meters',
    'checkout.session': 'checkout/sessions',
    invoiceitem: 'invoiceitems',
    'test_helpers.test_clock': 'test_helpers/test_clocks',
  }
  return `/v1/${plural[kind] ?? `${kind.replaceAll('.', '/')}s`}/${id}`
}
