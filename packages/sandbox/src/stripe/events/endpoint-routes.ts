import { invalid } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { clearable, flag, list, oneOf, required, text, type Parameter } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripeEndpoint } from '../core/objects.ts'
import { find } from '../core/service.ts'
import { eventTypes } from './event-types.ts'

const path = '/v1/webhook_endpoints'

const url: Parameter<string> = {
  read(value, name) {
    const given = text().read(value, name)
    if (/^https?:\/\/[^\s/]/.test(given)) return given
    throw invalid('Invalid URL: must start with http:// or https://', name, 'url_invalid')
  },
}

const version: Parameter<string> = {
  read(value, name) {
    const given = text(60).read(value, name)
    if (/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(given)) return given
    throw invalid(`Invalid API version: ${given}`, name)
  },
}

const types = list(oneOf(...eventTypes))

/** `*` or types by their whole names: there is no `customer.*`. */
const wanted: Parameter<string[]> = {
  read(value, name) {
    const given = types.read(value, name)
    if (given.length > 0) return given
    throw invalid('You must select at least one event.', name)
  },
}

const fields = { description: clearable(text()), metadata: metadata() }

function shared(state: { endpoints: Record<string, StripeEndpoint> }, id: string): StripeEndpoint {
  const endpoint = find(state.endpoints, 'webhook endpoint', id)
  if (endpoint.object === 'webhook_endpoint') return endpoint
  throw invalid(`No such webhook endpoint: '${id}'`, 'id', 'resource_missing')
}

export const endpointRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      ...fields,
      api_version: version,
      connect: flag(),
      enabled_events: required(wanted),
      url: required(url),
    },
    (service, { parameters }) => {
      const { state } = service
      const endpoint: StripeEndpoint = {
        id: newId('we'),
        object: 'webhook_endpoint',
        api_version: parameters.api_version ?? null,
        application: null,
        created: service.now(),
        description: parameters.description ?? null,
        enabled_events: parameters.enabled_events,
        livemode: false,
        metadata: applyMetadata({}, parameters.metadata),
        status: 'enabled',
        url: parameters.url,
      }
      const secret = newId('whsec', 32)
      state.endpoints[endpoint.id] = endpoint
      state.endpointSecrets[endpoint.id] = secret
      // The secret is told once, here.
      return { ...endpoint, secret }
    },
  ),
  route('GET', path, listParameters, ({ state }, { parameters }) => {
    const all = Object.values(state.endpoints).filter(({ object }) => object === 'webhook_endpoint')
    return page(path, 'webhook endpoint', all, parameters)
  }),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) => shared(state, id)),
  route(
    'POST',
    `${path}/:id`,
    { ...fields, disabled: flag(), enabled_events: wanted, url },
    ({ state }, { id, parameters }) => {
      const endpoint = shared(state, id)
      const { disabled, metadata: given, ...plain } = parameters
      Object.assign(endpoint, plain)
      endpoint.metadata = applyMetadata(endpoint.metadata, given)
      if (disabled !== undefined) endpoint.status = disabled ? 'disabled' : 'enabled'
      return endpoint
    },
  ),
  route('DELETE', `${path}/:id`, {}, ({ state }, { id }) => {
    shared(state, id)
    delete state.endpoints[id]
    delete state.endpointSecrets[id]
    return { id, object: 'webhook_endpoint', deleted: true }
  }),
]
