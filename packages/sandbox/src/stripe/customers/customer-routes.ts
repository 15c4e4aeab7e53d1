import { invalid } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { clearable, hash, integer, list, oneOf, opaque, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { find } from '../core/service.ts'
import { createCustomer, setInvoiceSettings } from './customer.ts'
import { letGo } from './let-go.ts'

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
  invoice_settings: hash({
    custom_fields: opaque(),
    default_payment_method: clearable(text()),
    footer: clearable(text()),
    rendering_options: opaque(),
  }),
  metadata: metadata(),
  name: clearable(text(256)),
  phone: clearable(text(20)),
  preferred_locales: list(text()),
  shipping: opaque(),
  tax_exempt: oneOf('none', 'exempt', 'reverse'),
}

const path = '/v1/customers'

export const customerRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    { ...fields, payment_method: text(), test_clock: text() },
    (service, { parameters }) => createCustomer(service, parameters),
  ),
  route(
    'GET',
    path,
    { ...listParameters, email: text(512), test_clock: text() },
    ({ state }, { parameters }) =>
      page(path, 'customer', Object.values(state.customers), parameters, (customer) => {
        const { email, test_clock: clock } = parameters
        return (
          customer.email === (email ?? customer.email) && customer.test_clock === (clock ?? null)
        )
      }),
  ),
  route('GET', `${path}/search`, searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      `${path}/search`,
      Object.values(state.customers),
      ['created', 'email', 'metadata', 'name', 'phone'],
      parameters,
    ),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    state.deleted[id] === 'customer'
      ? { id, object: 'customer', deleted: true }
      : find(state.customers, 'customer', id),
  ),
  route('POST', `${path}/:id`, fields, (service, { id, parameters }) => {
    const customer = find(service.state.customers, 'customer', id)
    const before = structuredClone(customer)
    const { metadata, invoice_settings: settings = {}, ...given } = parameters
    setInvoiceSettings(service, customer, settings)
    Object.assign(customer, given)
    customer.metadata = applyMetadata(customer.metadata, metadata)
    if (JSON.stringify(before) !== JSON.stringify(customer)) {
      service.emit('customer.updated', customer, before)
    }
    return customer
  }),
  route('GET', `${path}/:id/payment_methods`, listParameters, ({ state }, { id, parameters }) => {
    find(state.customers, 'customer', id)
    const methods = Object.values(state.paymentMethods)
    const url = `${path}/${id}/payment_methods`
    return page(url, 'PaymentMethod', methods, parameters, ({ customer }) => customer === id)
  }),
  route('DELETE', `${path}/:id`, {}, (service, { id }) => {
    const { state } = service
    const customer = find(state.customers, 'customer', id)
    letGo(service, id)
    delete state.customers[id]
    state.deleted[id] = 'customer'
    service.emit('customer.deleted', customer)
    return { id, object: 'customer', deleted: true }
  }),
]
