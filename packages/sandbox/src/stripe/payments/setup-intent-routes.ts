import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { flag, hash, list, oneOf, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import type { StripeSetupIntent } from '../core/payment-objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { declined, methodOf, numberOf } from './payment-method.ts'
import { confirmSetup, createSetupIntent } from './setup-intent.ts'
import { cardOf } from './test-cards.ts'

const path = '/v1/setup_intents'

function confirm(
  service: StripeService,
  intent: StripeSetupIntent,
  methodId: string,
): StripeSetupIntent {
  const method = methodOf(service, methodId, 'payment_method')
  const { onAttach } = cardOf(numberOf(service, method.id))
  if (onAttach) throw declined(onAttach, { setup_intent: structuredClone(intent) })
  confirmSetup(service, intent, method, false)
  return intent
}

export const setupIntentRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      automatic_payment_methods: hash({
        allow_redirects: oneOf('always', 'never'),
        enabled: required(flag()),
      }),
      confirm: flag(),
      customer: text(),
      description: text(),
      metadata: metadata(),
      payment_method: text(),
      payment_method_types: list(oneOf('card')),
      usage: oneOf('off_session', 'on_session'),
    },
    (service, { parameters }) => {
      const { customer = null, payment_method: method } = parameters
      if (customer !== null) find(service.state.customers, 'customer', customer, 'customer')
      const intent = createSetupIntent(service, {
        customer,
        description: parameters.description,
        metadata: applyMetadata({}, parameters.metadata),
      })
      intent['usage'] = parameters.usage ?? 'off_session'
      return method !== undefined && parameters.confirm ? confirm(service, intent, method) : intent
    },
  ),
  route('GET', path, { ...listParameters, customer: text() }, ({ state }, { parameters }) =>
    page(path, 'setupintent', Object.values(state.setupIntents), parameters, ({ customer }) =>
      parameters.customer === undefined ? true : customer === parameters.customer,
    ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.setupIntents, 'setupintent', id),
  ),
  route(
    'POST',
    `${path}/:id/confirm`,
    { payment_method: text(), return_url: text() },
    (service, { id, parameters }) => {
      const intent = find(service.state.setupIntents, 'setupintent', id)
      const method = parameters.payment_method ?? intent.payment_method
      if (method === null)
        throw invalid('You cannot confirm this SetupIntent because it’s missing a payment method.')
      if (intent.status === 'succeeded' || intent.status === 'canceled') {
        throw refused(
          `You cannot confirm this SetupIntent because it has a status of ${intent.status}.`,
          'setup_intent_unexpected_state',
        )
      }
      return confirm(service, intent, method)
    },
  ),
  route('POST', `${path}/:id/cancel`, {}, (service, { id }) => {
    const intent = find(service.state.setupIntents, 'setupintent', id)
    intent.status = 'canceled'
    service.emit('setup_intent.canceled', intent)
    return intent
  }),
]
