import { listParameters, page } from './listing.ts'
import { flag, list, text } from './parameters.ts'
import { route, type Route } from './route.ts'
import { find } from './service.ts'

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
          (wanted === undefined || wanted.some((pattern) => matches(pattern, event.type))) &&
          (delivered === undefined || delivered === (event.pending_webhooks === 0))
        )
      }),
  ),
]

/** `customer.*` stands for every type that begins with `customer.`. */
function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}
