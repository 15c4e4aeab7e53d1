import { invalid } from './error.ts'
import { newId } from './id.ts'
import { listParameters, page } from './listing.ts'
import { applyMetadata, metadata, type MetadataChange } from './metadata.ts'
import { clearable, hash, integer, list, oneOf, opaque, text } from './parameters.ts'
import { route, type Route } from './route.ts'
import { find, type StripeService } from './service.ts'
import type { StripeCustomer } from './state.ts'
import { endSubscription } from './subscription-end.ts'

const address = clearable(
  hash({
    city: clearable(text()),
    country: clearable(text()),
    line1: clearable(text()),
    line2: clearable(text()),
    postal_code: clearable(text()),
    state: clearable(text()),
  }),
)

const email = clearable({
  read(value, name) {
    const address = text(512).read(value, name)
    if (/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(address)) return address
    throw invalid(`Invalid email address: ${address}`, name, 'email_invalid')
  },
})

const fields = {
  address,
  balance: integer(-99_999_999, 99_999_999),
  description: clearable(text()),
  email,
  invoice_settings: opaque(),
  metadata: metadata(),
  name: clearable(text(256)),
  phone: clearable(text(20)),
  preferred_locales: list(text()),
  shipping: opaque(),
  tax_exempt: oneOf('none', 'exempt', 'reverse'),
}

export interface CustomerInput {
  readonly email?: string | null
  readonly name?: string | null
  readonly metadata?: MetadataChange
}

export function createCustomer(service: StripeService, values: CustomerInput): StripeCustomer {
  const { metadata, ...given } = values
  const customer: StripeCustomer = {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: service.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: newId('p', 8).slice(2).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: applyMetadata({}, metadata),
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
  Object.assign(customer, given)
  service.state.customers[customer.id] = customer
  service.emit('customer.created', customer)
  return customer
}

export const customerRoutes: readonly Route[] = [
  route('POST', '/v1/customers', fields, (service, { parameters }) =>
    createCustomer(service, parameters),
  ),
  route(
    'GET',
    '/v1/customers',
    { ...listParameters, email: text(512) },
    ({ state }, { parameters }) =>
      page('/v1/customers', 'customer', Object.values(state.customers), parameters, (customer) =>
        parameters.email === undefined ? true : customer.email === parameters.email,
      ),
  ),
  route('GET', '/v1/customers/:id', {}, ({ state }, { id }) =>
    state.deleted[id] === 'customer'
      ? { id, object: 'customer', deleted: true }
      : find(state.customers, 'customer', id),
  ),
  route('POST', '/v1/customers/:id', fields, (service, { id, parameters }) => {
    const customer = find(service.state.customers, 'customer', id)
    const before = structuredClone(customer)
    const { metadata, ...given } = parameters
    Object.assign(customer, given)
    customer.metadata = applyMetadata(customer.metadata, metadata)
    if (JSON.stringify(before) !== JSON.stringify(customer)) {
      service.emit('customer.updated', customer, before)
    }
    return customer
  }),
  route('DELETE', '/v1/customers/:id', {}, (service, { id }) => {
    const { state } = service
    const customer = find(state.customers, 'customer', id)
    for (const subscription of Object.values(state.subscriptions)) {
      if (subscription.customer === id) endSubscription(service, subscription)
    }
    delete state.customers[id]
    state.deleted[id] = 'customer'
    service.emit('customer.deleted', customer)
    return { id, object: 'customer', deleted: true }
  }),
]
