import { authenticate } from '../api/authentication.ts'
import { StripeFailure } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { StripeEndpoint } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { matchesType, thinEvent } from './destinations.ts'

/** One path of the v2 API, which speaks JSON both ways. */
export interface ThinRoute {
  readonly method: 'DELETE' | 'GET' | 'POST'
  readonly path: string
  run(service: StripeService, id: string, body: JsonObject, query: URLSearchParams): object
}

const destinations = '/v2/core/event_destinations'
const events = '/v2/core/events'

function shown(endpoint: StripeEndpoint, secret?: string): JsonObject {
  const {
    created,
    description,
    enabled_events: enabled,
    id,
    metadata,
    name = '',
    status,
    url,
  } = endpoint
  const at = new Date(created * 1000).toISOString()
  return {
    id,
    object: 'v2.core.event_destination',
    created: at,
    description: description ?? '',
    enabled_events: enabled,
    event_payload: 'thin',
    events_from: ['self'],
    livemode: false,
    metadata,
    name,
    snapshot_api_version: null,
    status,
    status_details: null,
    type: 'webhook_endpoint',
    updated: at,
    webhook_endpoint: { signing_secret: secret ?? null, url },
  }
}

function destination({ state }: StripeService, id: string): StripeEndpoint {
  const endpoint = find(state.endpoints, 'event destination', id)
  if (endpoint.object === 'v2.core.event_destination') return endpoint
  throw new StripeFailure(404, `No such event destination: '${id}'`, { code: 'not_found' })
}

function create(service: StripeService, body: JsonObject): JsonObject {
  const known = new Set([
    'description',
    'enabled_events',
    'event_payload',
    'include',
    'metadata',
    'name',
    'type',
    'webhook_endpoint',
  ])
  const unknown = Object.keys(body).find((name) => !known.has(name))
  if (unknown !== undefined) throw v2Failure(`Unknown field: ${unknown}`)
  const {
    enabled_events: enabled,
    event_payload: payload,
    name,
    type,
    webhook_endpoint: target,
  } = body
  if (type !== 'webhook_endpoint' || payload !== 'thin') {
    throw v2Failure('The sandbox knows thin webhook endpoints only.')
  }
  const url = isJsonObject(target) ? target['url'] : undefined
  if (typeof url !== 'string' || !/^https?:\/\/[^\s/]/.test(url))
    throw v2Failure('Invalid webhook_endpoint.url')
  if (!Array.isArray(enabled) || enabled.length === 0) throw v2Failure('enabled_events is required')
  const endpoint: StripeEndpoint = {
    id: newId('ed_test', 32),
    object: 'v2.core.event_destination',
    api_version: null,
    created: service.now(),
    description: body['description'] ?? '',
    enabled_events: enabled.map(String),
    metadata: {},
    name: name ?? '',
    status: 'enabled',
    url,
  }
  const secret = newId('whsec', 32)
  service.state.endpoints[endpoint.id] = endpoint
  service.state.endpointSecrets[endpoint.id] = secret
  return shown(endpoint, secret)
}

function v2Failure(message: string): StripeFailure {
  return new StripeFailure(400, message, { code: 'invalid_fields' })
}

function setStatus(service: StripeService, id: string, status: 'disabled' | 'enabled'): JsonObject {
  const endpoint = destination(service, id)
  endpoint.status = status
  return shown(endpoint)
}

/** Event destinations with thin events, and the events themselves. Source: https://docs.stripe.com/api/v2 */
export const thinRoutes: readonly ThinRoute[] = [
  { method: 'POST', path: destinations, run: (service, _id, body) => create(service, body) },
  {
    method: 'GET',
    path: destinations,
    run: (service) => ({
      data: Object.values(service.state.endpoints)
        .filter(({ object }) => object === 'v2.core.event_destination')
        .map((endpoint) => shown(endpoint)),
      next_page_url: null,
      previous_page_url: null,
    }),
  },
  {
    method: 'GET',
    path: `${destinations}/:id`,
    run: (service, id) => shown(destination(service, id)),
  },
  {
    method: 'DELETE',
    path: `${destinations}/:id`,
    run(service, id) {
      destination(service, id)
      delete service.state.endpoints[id]
      return { id, object: 'v2.core.event_destination' }
    },
  },
  {
    method: 'POST',
    path: `${destinations}/:id/disable`,
    run: (service, id) => setStatus(service, id, 'disabled'),
  },
  {
    method: 'POST',
    path: `${destinations}/:id/enable`,
    run: (service, id) => setStatus(service, id, 'enabled'),
  },
  {
    method: 'GET',
    path: `${events}/:id`,
    run: ({ state }, id) => thinEvent(find(state.events, 'event', id)),
  },
  {
    method: 'GET',
    path: events,
    run({ state }, _id, _body, query) {
      const object = query.get('object_id')
      const types = query.getAll('types')
      const found = Object.values(state.events)
        .toReversed()
        .filter((event) => object === null || event.data.object['id'] === object)
        .filter(
          (event) =>
            types.length === 0 || types.some((type) => matchesType(type, `v1.${event.type}`)),
        )
      return { data: found.map(thinEvent), next_page_url: null, previous_page_url: null }
    },
  },
]

/** Answers one request of the v2 API. */
export async function answerThin(
  service: StripeService,
  secretKey: string,
  request: Request,
  route: ThinRoute,
  id: string,
): Promise<Response> {
  const requestId = newId('req', 14)
  const headers = { 'request-id': requestId }
  try {
    authenticate(request.headers.get('authorization') ?? undefined, secretKey)
    const text = request.method === 'GET' ? '' : await request.text()
    const body = text === '' ? {} : (JSON.parse(text) as Json)
    if (!isJsonObject(body)) throw v2Failure('The body has to be an object.')
    return Response.json(route.run(service, id, body, new URL(request.url).searchParams), {
      headers,
    })
  } catch (error) {
    if (error instanceof SyntaxError)
      return Response.json(v2Failure('Invalid JSON').toBody(requestId), { status: 400, headers })
    if (!(error instanceof StripeFailure)) throw error
    return Response.json(error.toBody(requestId), { status: error.status, headers })
  }
}
