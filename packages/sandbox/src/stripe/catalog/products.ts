import { StripeFailure } from '../api/error.ts'
import { newId } from '../core/id.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata, type MetadataChange } from '../api/metadata.ts'
import { clearable, flag, list, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { find, type StripeService } from '../core/service.ts'
import type { StripeProduct } from '../core/objects.ts'

const fields = {
  active: flag(),
  description: clearable(text()),
  images: list(text()),
  metadata: metadata(),
  name: text(),
  shippable: flag(),
  statement_descriptor: clearable(text(22)),
  tax_code: clearable(text()),
  unit_label: clearable(text(12)),
  url: clearable(text()),
}

const creation = { ...fields, name: required(text()), id: text() }

export interface ProductInput {
  readonly id?: string
  readonly name: string
  readonly metadata?: MetadataChange
}

export function createProduct(service: StripeService, values: ProductInput): StripeProduct {
  const { metadata, ...given } = values
  const id = values.id ?? newId('prod', 14)
  if (Object.hasOwn(service.state.products, id)) {
    throw new StripeFailure(400, 'Product already exists.', { code: 'resource_already_exists' })
  }
  const product: StripeProduct = {
    id,
    object: 'product',
    active: true,
    created: service.now(),
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: applyMetadata({}, metadata),
    name: '',
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: service.now(),
    url: null,
  }
  Object.assign(product, given)
  service.state.products[id] = product
  service.emit('product.created', product)
  return product
}

export const productRoutes: readonly Route[] = [
  route('POST', '/v1/products', creation, (service, { parameters }) =>
    createProduct(service, parameters),
  ),
  route(
    'GET',
    '/v1/products',
    { ...listParameters, active: flag(), ids: list(text()) },
    ({ state }, { parameters }) =>
      page('/v1/products', 'product', Object.values(state.products), parameters, (product) => {
        const { active = product.active, ids = [product.id] } = parameters
        return product.active === active && ids.includes(product.id)
      }),
  ),
  route('GET', '/v1/products/search', searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      '/v1/products/search',
      Object.values(state.products),
      ['active', 'description', 'metadata', 'name', 'shippable', 'url'],
      parameters,
    ),
  ),
  route('GET', '/v1/products/:id', {}, ({ state }, { id }) => find(state.products, 'product', id)),
  route(
    'POST',
    '/v1/products/:id',
    { ...fields, default_price: text() },
    (service, { id, parameters }) => {
      const product = find(service.state.products, 'product', id)
      const before = structuredClone(product)
      const { metadata, ...given } = parameters
      if (given.default_price !== undefined) {
        find(service.state.prices, 'price', given.default_price, 'default_price')
      }
      Object.assign(product, given, { updated: service.now() })
      product.metadata = applyMetadata(product.metadata, metadata)
      service.emit('product.updated', product, before)
      return product
    },
  ),
  route('DELETE', '/v1/products/:id', {}, (service, { id }) => {
    const { state } = service
    const product = find(state.products, 'product', id)
    if (Object.values(state.prices).some((price) => price.product === id)) {
      throw new StripeFailure(
        400,
        'This product cannot be deleted because it has one or more user-created prices.',
      )
    }
    delete state.products[id]
    state.deleted[id] = 'product'
    service.emit('product.deleted', product)
    return { id, object: 'product', deleted: true }
  }),
]
