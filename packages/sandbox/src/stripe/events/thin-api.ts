import { authenticate } from '../api/authentication.ts'
import { StripeFailure } from '../api/error.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeEndpoint } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { isJsonObject, type Json, type JsonObject, textOf } from '../../json.ts'
import { matchesType, thinEvent } from './destinations.ts'
import { v2Failure } from './v2-failure.ts'
import { betweenOf, thinPage } from './thin-page.ts'

/** One path of the v2 API, which speaks JSON both ways. */
export interface ThinRoute {
  readonly method: 'DELETE' | 'GET' | 'POST'
  readonly path: string
  /** What it may be asked with in its address. @default nothing */
  readonly query?: readonly string[]
  /** Whether it reads a body; else one with fields is refused. */
  readonly takesBody?: true
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
  expectFields(body, [
    'description',
    'enabled_events',
    'event_payload',
    'include',
    'metadata',
    'name',
    'type',
    'webhook_endpoint',
  ])
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
  if (isJsonObject(target)) expectFields(target, ['url'], 'webhook_endpoint.')
  expectInclude(body['include'])
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
    metadata: metadataOf(body['metadata']),
    name: name ?? '',
    status: 'enabled',
    url,
  }
  const secret = newId('whsec', 32)
  service.state.endpoints[endpoint.id] = endpoint
  service.state.endpointSecrets[endpoint.id] = secret
  return shown(endpoint, secret)
}

/** @throws StripeFailure 400 that names the first one that is not known */
function expectFields(given: JsonObject, known: readonly string[], within = ''): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw v2Failure(`Unknown field: ${within}${unknown}`)
}

const INCLUDED: ReadonlySet<string> = new Set([
  'webhook_endpoint.signing_secret',
  'webhook_endpoint.url',
])

function expectInclude(include: Json | undefined): void {
  if (include === undefined) return
  const wrong = Array.isArray(include) && include.find((one) => !INCLUDED.has(textOf(one)))
  if (wrong !== undefined) throw v2Failure(`Invalid include: ${JSON.stringify(wrong)}`)
}

function metadataOf(given: Json | undefined): Metadata {
  if (given === undefined) return {}
  const isText = isJsonObject(given) && Object.values(given).every((one) => typeof one === 'string')
  if (!isText) throw v2Failure('Invalid metadata')
  return given as Metadata
}

/** What a list of the v2 API may be asked with; `types[0]` as `types`. */
function expectQuery(query: URLSearchParams, known: readonly string[]): void {
  const unknown = [...query.keys()]
    .map((name) => name.replace(/\[\d{0,4}\]$/, ''))
    .find((name) => !known.includes(name))
  if (unknown !== undefined) throw v2Failure(`Unknown field: ${unknown}`)
}

function setStatus(service: StripeService, id: string, status: 'disabled' | 'enabled'): JsonObject {
  const endpoint = destination(service, id)
  endpoint.status = status
  return shown(endpoint)
}

/** Event destinations with thin events, and the events themselves. Source: https://docs.stripe.com/api/v2 */
export const thinRoutes: readonly ThinRoute[] = [
  {
    method: 'POST',
    path: destinations,
    takesBody: true,
    run: (service, _id, body) => create(service, body),
  },
  {
    method: 'GET',
    path: destinations,
    query: ['include', 'limit', 'page'],
    run(service, _id, _body, query) {
      const all = Object.values(service.state.endpoints)
        .filter(({ object }) => object === 'v2.core.event_destination')
        .map((endpoint) => shown(endpoint))
      return thinPage(destinations, all, query)
    },
  },
  {
    method: 'GET',
    path: `${destinations}/:id`,
    query: ['include'],
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
    query: ['gt', 'gte', 'limit', 'lt', 'lte', 'object_id', 'page', 'types'],
    run({ state }, _id, _body, query) {
      const isBetween = betweenOf(query)
      const object = query.get('object_id')
      const types = query.getAll('types')
      const found = Object.values(state.events)
        .toReversed()
        .filter((event) => object === null || event.data.object['id'] === object)
        .filter(
          (event) =>
            types.length === 0 || types.some((type) => matchesType(type, `v1.${event.type}`)),
        )
        .filter(({ created }) => isBetween(created))
      return thinPage(events, found.map(thinEvent), query)
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
    if (route.takesBody !== true) expectFields(body, [])
    const query = new URL(request.url).searchParams
    expectQuery(query, route.query ?? [])
    return Response.json(route.run(service, id, body, query), {
      headers,
    })
  } catch (error) {
    if (error instanceof SyntaxError)
      return Response.json(v2Failure('Invalid JSON').toBody(requestId), { status: 400, headers })
    if (!(error instanceof StripeFailure)) throw error
    return Response.json(error.toBody(requestId), { status: error.status, headers })
  }
}
