import { listParameters, page } from '../api/listing.ts'
import { flag, list, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { find } from '../core/service.ts'
import { matchesType } from './destinations.ts'

export const eventRoutes: readonly Route[] = [
  route('GET', '/v1/events/:id', {}, ({ state }, { id }) => find(state.events, 'event', id)),
  route(
    'GET',
    '/v1/events',
    { ...listParameters, delivery_success: flag(), type: text(), types: list(text()) },
    ({ state }, { parameters }) =>
      page('/v1/events', 'event', Object.values(state.events), parameters, (event) => {
        const { delivery_success: delivered, type, types } = parameters
        const wanted = types ?? (type === undefined ? undefined : [type])
        return (
          (wanted === undefined || wanted.some((pattern) => matchesType(pattern, event.type))) &&
          (delivered === undefined || delivered === (event.pending_webhooks === 0))
        )
      }),
  ),
]
