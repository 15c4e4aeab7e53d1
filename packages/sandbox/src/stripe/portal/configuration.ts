import type { Json, JsonObject } from '../../json.ts'
import { refused } from '../api/error.ts'
import type { StripeObject } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'

/** What a person may do in the portal. */
export interface PortalFeatures {
  readonly customer_update: JsonObject
  readonly invoice_history: JsonObject
  readonly payment_method_update: { readonly enabled: boolean; readonly [name: string]: Json }
  readonly subscription_cancel: {
    readonly enabled: boolean
    readonly mode: 'at_period_end' | 'immediately'
    readonly [name: string]: Json
  }
  readonly subscription_pause: JsonObject
  readonly subscription_update: {
    readonly enabled: boolean
    readonly proration_behavior: 'always_invoice' | 'create_prorations' | 'none'
    readonly products:
      | readonly { readonly product: string; readonly prices: readonly string[] }[]
      | null
    readonly [name: string]: unknown
  }
}

/** The configuration that the dashboard has: sessions that name none have it. */
const DASHBOARD = 'bpc_sandbox'

/** What a configuration allows unless it says more. */
export const NOTHING: PortalFeatures = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: false,
    mode: 'at_period_end',
    proration_behavior: 'none',
  },
  subscription_pause: {
    duration: {
      interval_options: [{ interval: 'month', interval_count: 1 }],
      type: 'interval_options',
    },
    enabled: false,
  },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    products: null,
    proration_behavior: 'none',
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: 'end_trial',
  },
}

const EVERYTHING: PortalFeatures = {
  ...NOTHING,
  customer_update: { allowed_updates: ['email'], enabled: true },
  invoice_history: { enabled: true },
  payment_method_update: { ...NOTHING.payment_method_update, enabled: true },
  subscription_cancel: { ...NOTHING.subscription_cancel, enabled: true },
  subscription_update: {
    ...NOTHING.subscription_update,
    default_allowed_updates: ['price'],
    enabled: true,
    proration_behavior: 'create_prorations',
  },
}

/**
 * The configuration of a session.
 *
 * @throws StripeFailure 400 when there is none, or it is not active
 */
export function configurationOf(service: StripeService, id: string | undefined): StripeObject {
  const made = find(configurationsOf(service), 'configuration', id ?? DASHBOARD, 'configuration')
  if (made['active'] === true) return made
  throw refused(`The configuration ${made.id} is not active.`, undefined, 'configuration')
}

/** All of them, by their ids: the dashboard's too. */
export function configurationsOf({ state }: StripeService): Record<string, StripeObject> {
  return { [DASHBOARD]: dashboards(), ...state.portalConfigurations }
}

export function featuresOf(configuration: StripeObject): PortalFeatures {
  return configuration['features'] as unknown as PortalFeatures
}

function dashboards(): StripeObject {
  return {
    id: DASHBOARD,
    object: 'billing_portal.configuration',
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: 0,
    default_return_url: null,
    features: EVERYTHING as unknown as JsonObject,
    is_default: true,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: 0,
  }
}
