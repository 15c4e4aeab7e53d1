import { invalid, refused, type StripeFailure } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { flag, hash, integer, list, oneOf, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { currency } from '../catalog/prices.ts'
import type { StripePaymentIntent } from '../core/payment-objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { authenticationRequired } from './attempt.ts'
import { bookCharge } from './charges.ts'
import { confirmFor } from './intent-outcome.ts'
import { cancelIntent, createIntent, failIntent } from './payment-intent.ts'
import { attach, declined, methodOf } from './payment-method.ts'

const path = '/v1/payment_intents'

const settings = {
  description: text(),
  metadata: metadata(),
  payment_method: text(),
  receipt_email: text(),
  setup_future_usage: oneOf('off_session', 'on_session'),
}

/** Confirms as a request asks, and refuses as Stripe does when the card says no. */
function confirm(
  service: StripeService,
  intent: StripePaymentIntent,
  methodId: string,
  isOffSession: boolean,
): StripePaymentIntent {
  const verdict = confirmFor(service, intent, methodId, { isOffSession })
  if (verdict.kind === 'declined')
    throw declined(verdict.decline, { payment_intent: structuredClone(intent) })
  if (verdict.kind === 'requires_action' && isOffSession) {
    const method = methodOf(service, intent.payment_method ?? methodId)
    failIntent(service, intent, method, authenticationRequired)
    throw declined(authenticationRequired, { payment_intent: structuredClone(intent) })
  }
  const isSaved = intent.setup_future_usage !== null && verdict.kind === 'succeeded'
  if (isSaved && intent.customer !== null && intent.payment_method !== null) {
    attach(service, methodOf(service, intent.payment_method), intent.customer)
  }
  return intent
}

function unexpected(intent: StripePaymentIntent, action: string): StripeFailure {
  return refused(
    `You cannot ${action} this PaymentIntent because it has a status of ${intent.status}.`,
    'payment_intent_unexpected_state',
  )
}

export const paymentIntentRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      ...settings,
      amount: required(integer(1, 99_999_999)),
      automatic_payment_methods: hash({
        allow_redirects: oneOf('always', 'never'),
        enabled: required(flag()),
      }),
      capture_method: oneOf('automatic', 'automatic_async', 'manual'),
      confirm: flag(),
      currency: required(currency),
      customer: text(),
      off_session: flag(),
      payment_method_types: list(oneOf('card')),
      return_url: text(),
    },
    (service, { parameters }) => {
      const { customer = null, payment_method: method } = parameters
      if (customer !== null) find(service.state.customers, 'customer', customer, 'customer')
      const intent = createIntent(service, {
        amount: parameters.amount,
        captureMethod: parameters.capture_method,
        currency: parameters.currency,
        customer,
        description: parameters.description,
        metadata: applyMetadata({}, parameters.metadata),
        receiptEmail: parameters.receipt_email,
        setupFutureUsage: parameters.setup_future_usage,
      })
      if (parameters.automatic_payment_methods?.enabled) {
        intent['automatic_payment_methods'] = {
          allow_redirects: parameters.automatic_payment_methods.allow_redirects ?? 'always',
          enabled: true,
        }
      }
      if (method === undefined) return intent
      if (parameters.confirm)
        return confirm(service, intent, method, parameters.off_session ?? false)
      intent.payment_method = methodOf(service, method, 'payment_method').id
      intent.status = 'requires_confirmation'
      return intent
    },
  ),
  route('GET', path, { ...listParameters, customer: text() }, ({ state }, { parameters }) =>
    page(path, 'payment_intent', Object.values(state.paymentIntents), parameters, ({ customer }) =>
      parameters.customer === undefined ? true : customer === parameters.customer,
    ),
  ),
  route('GET', `${path}/search`, searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      `${path}/search`,
      Object.values(state.paymentIntents),
      ['amount', 'created', 'currency', 'customer', 'metadata', 'status'],
      parameters,
    ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.paymentIntents, 'payment_intent', id),
  ),
  route('POST', `${path}/:id`, settings, (service, { id, parameters }) => {
    const intent = find(service.state.paymentIntents, 'payment_intent', id)
    const { metadata: given, payment_method: method, ...plain } = parameters
    Object.assign(intent, plain)
    intent.metadata = applyMetadata(intent.metadata, given)
    if (method !== undefined) {
      intent.payment_method = methodOf(service, method, 'payment_method').id
      intent.status = 'requires_confirmation'
    }
    return intent
  }),
  route(
    'POST',
    `${path}/:id/confirm`,
    { off_session: flag(), payment_method: text(), return_url: text() },
    (service, { id, parameters }) => {
      const intent = find(service.state.paymentIntents, 'payment_intent', id)
      const method = parameters.payment_method ?? intent.payment_method
      if (['canceled', 'requires_capture', 'succeeded'].includes(intent.status)) {
        throw unexpected(intent, 'confirm')
      }
      if (method === null) {
        throw invalid(
          'You cannot confirm this PaymentIntent because it’s missing a payment method.',
          'payment_method',
          'payment_intent_unexpected_state',
        )
      }
      return confirm(service, intent, method, parameters.off_session ?? false)
    },
  ),
  route(
    'POST',
    `${path}/:id/capture`,
    { amount_to_capture: integer(1) },
    (service, { id, parameters }) => {
      const intent = find(service.state.paymentIntents, 'payment_intent', id)
      if (intent.status !== 'requires_capture') throw unexpected(intent, 'capture')
      const charge = find(service.state.charges, 'charge', intent.latest_charge ?? '')
      const amount = Math.min(parameters.amount_to_capture ?? intent.amount, intent.amount)
      charge['captured'] = true
      charge['amount_captured'] = amount
      charge.amount_refunded = charge.amount - amount
      bookCharge(service, charge)
      intent.status = 'succeeded'
      intent.amount_received = amount
      intent['amount_capturable'] = 0
      service.emit('charge.captured', charge)
      service.emit('payment_intent.succeeded', intent)
      return intent
    },
  ),
  route(
    'POST',
    `${path}/:id/cancel`,
    { cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer') },
    (service, { id, parameters }) => {
      const intent = find(service.state.paymentIntents, 'payment_intent', id)
      if (intent.status === 'succeeded' || intent.status === 'canceled')
        throw unexpected(intent, 'cancel')
      cancelIntent(service, intent, parameters.cancellation_reason ?? null)
      return intent
    },
  ),
]
