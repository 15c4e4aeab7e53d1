import { createCheckoutSession } from './checkout-create.ts'
import { StripeFailure } from './error.ts'
import { listParameters, page } from './listing.ts'
import { metadata } from './metadata.ts'
import { flag, hash, integer, list, oneOf, opaque, required, text } from './parameters.ts'
import { priceData } from './prices.ts'
import { route, type Route } from './route.ts'
import { find } from './service.ts'
import { lineItems } from './checkout-lines.ts'

const path = '/v1/checkout/sessions'

/** Accepted and kept on the session or left out; the hosted page does not act on them. */
const withoutEffect = {
  allow_promotion_codes: flag(),
  automatic_tax: opaque(),
  billing_address_collection: oneOf('auto', 'required'),
  custom_text: opaque(),
  customer_update: opaque(),
  payment_method_types: list(text()),
  phone_number_collection: opaque(),
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  tax_id_collection: opaque(),
  ui_mode: oneOf('hosted', 'hosted_page'),
}

export const checkoutSessionRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      ...withoutEffect,
      cancel_url: text(),
      client_reference_id: text(200),
      currency: text(3),
      customer: text(),
      customer_creation: oneOf('always', 'if_required'),
      customer_email: text(800),
      expires_at: integer(),
      line_items: list(
        hash({ price: text(), price_data: priceData, quantity: integer(1), metadata: metadata() }),
      ),
      locale: text(10),
      metadata: metadata(),
      mode: required(oneOf('payment', 'setup', 'subscription')),
      payment_intent_data: hash({ metadata: metadata(), description: text() }),
      payment_method_collection: oneOf('always', 'if_required'),
      setup_intent_data: hash({ metadata: metadata(), description: text() }),
      subscription_data: hash({
        description: text(500),
        metadata: metadata(),
        trial_end: integer(),
        trial_period_days: integer(1, 730),
        trial_settings: hash({
          end_behavior: required(
            hash({ missing_payment_method: required(oneOf('cancel', 'create_invoice', 'pause')) }),
          ),
        }),
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
      status: oneOf('complete', 'expired', 'open'),
      subscription: text(),
    },
    ({ state }, { parameters }) =>
      page(path, 'checkout.session', Object.values(state.sessions), parameters, (session) => {
        const { customer, status, subscription } = parameters
        return (
          session.customer === (customer ?? session.customer) &&
          session.status === (status ?? session.status) &&
          session.subscription === (subscription ?? session.subscription)
        )
      }),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.sessions, 'checkout.session', id),
  ),
  route('GET', `${path}/:id/line_items`, listParameters, (service, { id, parameters }) => {
    find(service.state.sessions, 'checkout.session', id)
    const lines = lineItems(service, id).toReversed()
    return page(`${path}/${id}/line_items`, 'line_item', lines, parameters)
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
