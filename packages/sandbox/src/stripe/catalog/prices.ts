import { invalid } from '../api/error.ts'
import { newId } from '../core/id.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata, type MetadataChange } from '../api/metadata.ts'
import {
  clearable,
  flag,
  hash,
  integer,
  list,
  oneOf,
  required,
  text,
  type Parameter,
} from '../api/parameters.ts'
import { createProduct, type ProductInput } from './products.ts'
import { route, type Route } from '../api/route.ts'
import { find, type StripeService } from '../core/service.ts'
import type { Interval, StripePrice } from '../core/objects.ts'
import type { StripeState } from '../core/state.ts'
import { search, searchParameters } from '../api/search.ts'

/** An ISO code of three letters, in any case. */
export const currency: Parameter<string> = {
  read(value, name) {
    const code = text(3).read(value, name).toLowerCase()
    if (/^[a-z]{3}$/.test(code)) return code
    throw invalid(`Invalid currency: ${code}.`, name)
  },
}

const recurring = hash({
  interval: required(oneOf('day', 'week', 'month', 'year')),
  interval_count: integer(1, 1095),
  meter: text(),
  usage_type: oneOf('licensed', 'metered'),
})

const shared = {
  nickname: clearable(text()),
  active: flag(),
  lookup_key: clearable(text(200)),
  metadata: metadata(),
  tax_behavior: oneOf('exclusive', 'inclusive', 'unspecified'),
  transfer_lookup_key: flag(),
}

const productData = hash({ name: required(text()), metadata: metadata(), id: text() })
const amount = integer(0, 99_999_999)

const creation = {
  ...shared,
  currency: required(currency),
  product: text(),
  product_data: productData,
  recurring,
  unit_amount: required(amount),
}

/** What a price inside a request (`line_items[0][price_data]`) may say. */
export const priceData: Parameter<PriceInput> = hash({
  currency: required(currency),
  product: text(),
  product_data: productData,
  recurring,
  tax_behavior: shared.tax_behavior,
  unit_amount: required(amount),
})

export interface PriceInput {
  readonly active?: boolean
  readonly currency: string
  readonly lookup_key?: string | null
  readonly metadata?: MetadataChange
  readonly nickname?: string | null
  readonly product?: string
  readonly product_data?: ProductInput
  readonly recurring?: {
    readonly interval: Interval
    readonly interval_count?: number
    readonly meter?: string
    readonly usage_type?: 'licensed' | 'metered'
  }
  readonly tax_behavior?: 'exclusive' | 'inclusive' | 'unspecified'
  readonly transfer_lookup_key?: boolean
  readonly unit_amount: number
}

export function createPrice(service: StripeService, values: PriceInput): StripePrice {
  const { state } = service
  const { lookup_key: lookupKey, unit_amount: unitAmount } = values
  if ((values.product === undefined) === (values.product_data === undefined)) {
    throw invalid(
      'You must specify exactly one of these parameters: product, product_data.',
      'product',
    )
  }
  const holder = Object.values(state.prices).find(
    (price) => typeof lookupKey === 'string' && price['lookup_key'] === lookupKey,
  )
  if (holder && !values.transfer_lookup_key) {
    throw invalid(
      `A price (\`${holder.id}\`) already uses that lookup key.`,
      'lookup_key',
      'resource_already_exists',
    )
  }
  checkMeter(state, values)
  checkInterval(values)
  const product = values.product_data
    ? createProduct(service, values.product_data)
    : find(state.products, 'product', values.product ?? '', 'product')
  if (holder) holder['lookup_key'] = null
  const price: StripePrice = {
    id: newId('price'),
    object: 'price',
    active: values.active ?? true,
    billing_scheme: 'per_unit',
    created: service.now(),
    currency: values.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: lookupKey ?? null,
    metadata: applyMetadata({}, values.metadata),
    nickname: values.nickname ?? null,
    product: product.id,
    recurring: values.recurring
      ? {
          interval: values.recurring.interval,
          interval_count: values.recurring.interval_count ?? 1,
          meter: values.recurring.meter ?? null,
          trial_period_days: null,
          usage_type: values.recurring.usage_type ?? 'licensed',
        }
      : null,
    tax_behavior: values.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: values.recurring ? 'recurring' : 'one_time',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  }
  state.prices[price.id] = price
  service.emit('price.created', price)
  return price
}

/** Three years at most. Source: https://docs.stripe.com/api/prices/create#create_price-recurring-interval_count */
const mostIntervals = { day: 1095, week: 156, month: 36, year: 3 } as const

function checkInterval({ recurring: given }: PriceInput): void {
  if (!given || (given.interval_count ?? 1) <= mostIntervals[given.interval]) return
  throw invalid(
    `Invalid recurring[interval_count]: at most three years (${mostIntervals[given.interval]} ${given.interval}s).`,
    'recurring[interval_count]',
  )
}

/** A metered price is fed by a meter, and a meter feeds no other. */
function checkMeter(state: StripeState, { recurring: given }: PriceInput): void {
  const { meter, usage_type: usage } = given ?? {}
  if (meter !== undefined) find(state.meters, 'billing meter', meter, 'recurring[meter]')
  if ((usage === 'metered') !== (meter !== undefined)) {
    throw invalid(
      usage === 'metered'
        ? 'Metered prices must be backed by a meter; pass `recurring[meter]`.'
        : 'You can only pass `recurring[meter]` for a price with `usage_type=metered`.',
      'recurring[meter]',
    )
  }
}

export const priceRoutes: readonly Route[] = [
  route('POST', '/v1/prices', creation, (service, { parameters }) =>
    createPrice(service, parameters),
  ),
  route(
    'GET',
    '/v1/prices',
    {
      ...listParameters,
      active: flag(),
      currency,
      lookup_keys: list(text()),
      product: text(),
      type: oneOf('one_time', 'recurring'),
    },
    ({ state }, { parameters }) =>
      page('/v1/prices', 'price', Object.values(state.prices), parameters, (price) => {
        const { active, currency, lookup_keys: keys, product, type } = parameters
        return (
          price.active === (active ?? price.active) &&
          price.currency === (currency ?? price.currency) &&
          price.product === (product ?? price.product) &&
          price.type === (type ?? price.type) &&
          (keys === undefined || keys.some((key) => key === price['lookup_key']))
        )
      }),
  ),
  route('GET', '/v1/prices/search', searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      '/v1/prices/search',
      Object.values(state.prices),
      ['active', 'currency', 'lookup_key', 'metadata', 'product', 'type'],
      parameters,
    ),
  ),
  route('GET', '/v1/prices/:id', {}, ({ state }, { id }) => find(state.prices, 'price', id)),
  route('POST', '/v1/prices/:id', shared, (service, { id, parameters }) => {
    const price = find(service.state.prices, 'price', id)
    const before = structuredClone(price)
    const { metadata, transfer_lookup_key: _transfer, ...given } = parameters
    Object.assign(price, given)
    price.metadata = applyMetadata(price.metadata, metadata)
    service.emit('price.updated', price, before)
    return price
  }),
]
