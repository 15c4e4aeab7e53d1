import { route, type Route } from './route.ts'
import { find } from './service.ts'

export const intentRoutes: readonly Route[] = [
  route('GET', '/v1/payment_intents/:id', {}, ({ state }, { id }) =>
    find(state.intents, 'payment_intent', id),
  ),
  route('GET', '/v1/setup_intents/:id', {}, ({ state }, { id }) =>
    find(state.intents, 'setupintent', id),
  ),
]
