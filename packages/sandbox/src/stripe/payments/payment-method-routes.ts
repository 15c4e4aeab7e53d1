import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { hash, integer, oneOf, opaque, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { change, find } from '../core/service.ts'
import { attach, createPaymentMethod, declined, methodOf } from './payment-method.ts'
import { cardOf, isCardNumber, numberOfToken } from './test-cards.ts'

const path = '/v1/payment_methods'

export const paymentMethodRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      billing_details: hash({ address: opaque(), email: text(), name: text(), phone: text() }),
      card: required(
        hash({
          cvc: text(4),
          exp_month: integer(1, 12),
          exp_year: integer(2000, 2100),
          number: text(19),
          token: text(),
        }),
      ),
      metadata: metadata(),
      type: required(oneOf('card')),
    },
    (service, { parameters }) => {
      const { number: typed, token } = parameters.card
      const number = typed ?? numberOfToken(token ?? '')
      if (number === undefined)
        throw invalid(`No such token: '${token}'`, 'card[token]', 'resource_missing')
      if (!isCardNumber(number)) {
        throw declined({
          code: 'incorrect_number',
          declineCode: '',
          message: 'Your card number is incorrect.',
        })
      }
      const { billing_details: details = {} } = parameters
      const method = createPaymentMethod(service, number, {
        email: details.email ?? null,
        metadata: applyMetadata({}, parameters.metadata),
        name: details.name ?? null,
      })
      return method
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, customer: text(), type: oneOf('card') },
    ({ state }, { parameters }) =>
      page(path, 'PaymentMethod', Object.values(state.paymentMethods), parameters, (method) =>
        parameters.customer === undefined
          ? method.customer === null
          : method.customer === parameters.customer,
      ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.paymentMethods, 'PaymentMethod', id),
  ),
  route(
    'POST',
    `${path}/:id`,
    { billing_details: opaque(), metadata: metadata() },
    (service, { id, parameters }) => {
      const found = find(service.state.paymentMethods, 'PaymentMethod', id)
      return change(service, 'payment_method.updated', found, (method) => {
        method.metadata = applyMetadata(method.metadata, parameters.metadata)
        if (parameters.billing_details) {
          Object.assign(method['billing_details'] as object, parameters.billing_details)
        }
      })
    },
  ),
  route(
    'POST',
    `${path}/:id/attach`,
    { customer: required(text()) },
    (service, { id, parameters }) => {
      const { id: customer } = find(
        service.state.customers,
        'customer',
        parameters.customer,
        'customer',
      )
      const { onAttach } = cardOf(numberOfToken(id) ?? '')
      if (onAttach) throw declined(onAttach)
      return attach(service, methodOf(service, id), customer)
    },
  ),
  route('POST', `${path}/:id/detach`, {}, (service, { id }) => {
    const method = find(service.state.paymentMethods, 'PaymentMethod', id)
    const customer = service.state.customers[method.customer ?? '']
    if (!customer) {
      throw refused(
        'The payment method you provided is not attached to a customer so detachment is impossible.',
        'payment_method_unexpected_state',
      )
    }
    if (customer.invoice_settings.default_payment_method === id) {
      customer.invoice_settings.default_payment_method = null
    }
    for (const subscription of Object.values(service.state.subscriptions)) {
      if (subscription.default_payment_method === id) subscription.default_payment_method = null
    }
    return change(service, 'payment_method.detached', method, () => {
      method.customer = null
    })
  }),
]
