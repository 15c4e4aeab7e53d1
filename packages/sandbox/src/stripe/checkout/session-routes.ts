import { StripeFailure } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { checkoutLocales } from '../api/locales.ts'
import { flag, hash, integer, list, oneOf, opaque, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { priceData } from '../catalog/prices.ts'
import { find } from '../core/service.ts'
import { billingMode, discountList, trialSettings } from '../subscriptions/parameters.ts'
import { createCheckoutSession } from './create.ts'
import { lineItems } from './lines.ts'
import { customerUpdate } from './tax-id.ts'

const path = '/v1/checkout/sessions'

/** Kept on the session or left out; the hosted page does not act on them. */
const withoutEffect = {
  billing_address_collection: oneOf('auto', 'required'),
  custom_text: opaque(),
  customer_update: customerUpdate,
  payment_method_types: list(oneOf('card')),
  phone_number_collection: hash({ enabled: required(flag()) }),
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  tax_id_collection: hash({ enabled: required(flag()) }),
  ui_mode: oneOf('hosted', 'hosted_page'),
}

export const checkoutSessionRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      ...withoutEffect,
      allow_promotion_codes: flag(),
      automatic_tax: hash({ enabled: required(oneOf('false')) }),
      cancel_url: text(),
      client_reference_id: text(200),
      currency: text(3),
      customer: text(),
      customer_creation: oneOf('always', 'if_required'),
      customer_email: text(800),
      discounts: discountList,
      expires_at: integer(),
      line_items: list(
        hash({ price: text(), price_data: priceData, quantity: integer(1), metadata: metadata() }),
      ),
      locale: oneOf(...checkoutLocales),
      metadata: metadata(),
      mode: required(oneOf('payment', 'setup', 'subscription')),
      payment_intent_data: hash({ metadata: metadata(), description: text() }),
      payment_method_collection: oneOf('always', 'if_required'),
      setup_intent_data: hash({ metadata: metadata(), description: text() }),
      subscription_data: hash({
        billing_cycle_anchor: integer(),
        billing_mode: billingMode,
        description: text(500),
        metadata: metadata(),
        trial_end: integer(),
        trial_period_days: integer(1, 730),
        trial_settings: trialSettings,
      }),
      success_url: required(text()),
    },
    (service, { parameters }) => createCheckoutSession(service, parameters),
  ),
  route(
    'GET',
    path,
    {
      ...listParameters,
      customer: text(),
      payment_intent: text(),
      status: oneOf('complete', 'expired', 'open'),
      subscription: text(),
    },
    ({ state }, { parameters }) =>
      page(path, 'checkout.session', Object.values(state.sessions), parameters, (session) => {
        const { customer, payment_intent: intent, status, subscription } = parameters
        return (
          session.customer === (customer ?? session.customer) &&
          session.payment_intent === (intent ?? session.payment_intent) &&
          session.status === (status ?? session.status) &&
          session.subscription === (subscription ?? session.subscription)
        )
      }),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.sessions, 'checkout.session', id),
  ),
  route('POST', `${path}/:id`, { metadata: metadata() }, (service, { id, parameters }) => {
    const session = find(service.state.sessions, 'checkout.session', id)
    session.metadata = applyMetadata(session.metadata, parameters.metadata)
    return session
  }),
  route('GET', `${path}/:id/line_items`, listParameters, ({ state }, { id, parameters }) => {
    find(state.sessions, 'checkout.session', id)
    const lines = lineItems(state, id).toReversed()
    const { created: _created, ...call } = parameters
    return page(`${path}/${id}/line_items`, 'line_item', lines, call)
  }),
  route('POST', `${path}/:id/expire`, {}, (service, { id }) => {
    const session = find(service.state.sessions, 'checkout.session', id)
    if (session.status !== 'open') {
      throw new StripeFailure(
        400,
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of "${session.status}".`,
      )
    }
    session.status = 'expired'
    session.url = null
    service.emit('checkout.session.expired', session)
    return session
  }),
]
