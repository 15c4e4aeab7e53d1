import type { JsonObject } from '../../json.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import {
  clearable,
  flag,
  hash,
  list,
  oneOf,
  type Parameters,
  required,
  text,
} from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeObject } from '../core/objects.ts'
import { change, find } from '../core/service.ts'
import { configurationsOf, NOTHING } from './configuration.ts'

const path = '/v1/billing_portal/configurations'

const features = {
  customer_update: hash({
    allowed_updates: list(oneOf('address', 'email', 'name', 'phone', 'shipping', 'tax_id')),
    enabled: flag(),
  }),
  invoice_history: hash({ enabled: required(flag()) }),
  payment_method_update: hash({ enabled: required(flag()) }),
  subscription_cancel: hash({
    cancellation_reason: hash({
      enabled: required(flag()),
      options: list(
        oneOf(
          'customer_service',
          'low_quality',
          'missing_features',
          'other',
          'switched_service',
          'too_complex',
          'too_expensive',
          'unused',
        ),
      ),
    }),
    enabled: flag(),
    mode: oneOf('at_period_end', 'immediately'),
    proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
  }),
  subscription_update: hash({
    default_allowed_updates: list(oneOf('price', 'promotion_code', 'quantity')),
    enabled: flag(),
    products: clearable(list(hash({ prices: required(list(text())), product: required(text()) }))),
    proration_behavior: oneOf('always_invoice', 'create_prorations', 'none'),
  }),
} satisfies Parameters

const common = {
  business_profile: hash({
    headline: clearable(text(60)),
    privacy_policy_url: text(),
    terms_of_service_url: text(),
  }),
  default_return_url: clearable(text()),
  metadata: metadata(),
  name: clearable(text(250)),
} satisfies Parameters

/** The features that are asked for, over those there are. */
function over(before: JsonObject, asked: object | undefined): JsonObject {
  const result = { ...before }
  for (const [name, feature] of Object.entries(asked ?? {})) {
    result[name] = { ...(before[name] as JsonObject), ...(feature as JsonObject) }
  }
  const update = result['subscription_update'] as JsonObject
  const products = Array.isArray(update['products']) ? update['products'] : []
  for (const product of products) {
    Object.assign(product as JsonObject, {
      adjustable_quantity: { enabled: false, maximum: null, minimum: 1 },
    })
  }
  return result
}

/** Source: https://docs.stripe.com/api/customer_portal/configurations */
export const portalConfigurationRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    { ...common, features: required(hash(features)) },
    (service, { parameters }) => {
      const { business_profile: profile, default_return_url: url = null } = parameters
      const made: StripeObject = {
        id: newId('bpc'),
        object: 'billing_portal.configuration',
        active: true,
        application: null,
        business_profile: {
          headline: profile?.headline ?? null,
          privacy_policy_url: profile?.privacy_policy_url ?? null,
          terms_of_service_url: profile?.terms_of_service_url ?? null,
        },
        created: service.now(),
        default_return_url: url,
        features: over(NOTHING as unknown as JsonObject, parameters.features),
        is_default: false,
        livemode: false,
        login_page: { enabled: false, url: null },
        metadata: applyMetadata({}, parameters.metadata),
        name: parameters.name ?? null,
        updated: service.now(),
      }
      service.state.portalConfigurations[made.id] = made
      service.emit('billing_portal.configuration.created', made)
      return made
    },
  ),
  route('GET', path, { ...listParameters, active: flag() }, (service, { parameters }) => {
    const { active } = parameters
    const all = Object.values(configurationsOf(service))
    const found = all.filter((one) => active === undefined || one['active'] === active)
    return page(path, 'configuration', found, parameters)
  }),
  route('GET', `${path}/:id`, {}, (service, { id }) =>
    find(configurationsOf(service), 'configuration', id),
  ),
  route(
    'POST',
    `${path}/:id`,
    { ...common, active: flag(), features: hash(features) },
    (service, { id, parameters }) => {
      const made = find(service.state.portalConfigurations, 'configuration', id)
      return change(service, 'billing_portal.configuration.updated', made, () => {
        const { business_profile: profile, active, default_return_url: url, name } = parameters
        if (profile) Object.assign(made['business_profile'] as JsonObject, profile)
        if (active !== undefined) made['active'] = active
        if (url !== undefined) made['default_return_url'] = url
        if (name !== undefined) made['name'] = name
        made['features'] = over(made['features'] as JsonObject, parameters.features)
        made['metadata'] = applyMetadata(made['metadata'] as Metadata, parameters.metadata)
        made['updated'] = service.now()
      })
    },
  ),
]
