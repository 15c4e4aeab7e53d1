import type { JsonObject } from '../../json.ts'
import { invalid, refused, type StripeFailure } from '../api/error.ts'
import { hash, integer, list, oneOf, type Parameter, required, text } from '../api/parameters.ts'
import { find, type StripeService } from '../core/service.ts'
import type { PortalFeatures } from './configuration.ts'

interface OneSubscription {
  readonly subscription: string
}

/** What the portal is asked to be opened for. */
export interface FlowInput {
  readonly after_completion?: {
    readonly hosted_confirmation?: { readonly custom_message?: string }
    readonly redirect?: { readonly return_url: string }
    readonly type: string
  }
  readonly subscription_cancel?: OneSubscription
  readonly subscription_update?: OneSubscription
  readonly subscription_update_confirm?: OneSubscription & {
    readonly items: readonly {
      readonly id: string
      readonly price?: string
      readonly quantity?: number
    }[]
  }
  readonly type: keyof typeof FEATURES
}

/** `flow_data`: the one thing that the portal is opened for. */
export const flowData: Parameter<FlowInput> = hash({
  after_completion: hash({
    hosted_confirmation: hash({ custom_message: text() }),
    redirect: hash({ return_url: required(text()) }),
    type: required(oneOf('hosted_confirmation', 'portal_homepage', 'redirect')),
  }),
  subscription_cancel: hash({ subscription: required(text()) }),
  subscription_update: hash({ subscription: required(text()) }),
  subscription_update_confirm: hash({
    items: required(list(hash({ id: required(text()), price: text(), quantity: integer() }))),
    subscription: required(text()),
  }),
  type: required(
    oneOf(
      'payment_method_update',
      'subscription_cancel',
      'subscription_update',
      'subscription_update_confirm',
    ),
  ),
})

/** Which feature a flow is of. */
const FEATURES = {
  payment_method_update: 'payment_method_update',
  subscription_cancel: 'subscription_cancel',
  subscription_update: 'subscription_update',
  subscription_update_confirm: 'subscription_update',
} as const

/**
 * The flow in Stripe's shape.
 *
 * @throws StripeFailure 400 for a subscription that is not the customer's, for a flow that does not say of which one,
 *   and for what the configuration does not allow
 */
export function flowOf(
  service: StripeService,
  flow: FlowInput,
  customer: string,
  features: PortalFeatures,
): JsonObject {
  const { after_completion: after, type } = flow
  const missing = (param: string): StripeFailure =>
    invalid(`Missing required param: ${param}.`, param, 'parameter_missing')
  if (type !== 'payment_method_update' && flow[type] === undefined)
    throw missing(`flow_data[${type}]`)
  if (after?.type === 'redirect' && after.redirect === undefined) {
    throw missing('flow_data[after_completion][redirect]')
  }
  const feature = FEATURES[type]
  if (!features[feature].enabled) {
    throw refused(
      `This flow is not available, because the feature ${feature} of the portal configuration is disabled.`,
      undefined,
      'flow_data[type]',
    )
  }
  const mine = <T extends { subscription: string }>(
    part: T | undefined,
    name: string,
  ): T | null => {
    if (part === undefined) return null
    const param = `flow_data[${name}][subscription]`
    const subscription = find(service.state.subscriptions, 'subscription', part.subscription, param)
    if (subscription.customer === customer) return part
    throw invalid('The subscription belongs to another customer.', param)
  }
  const confirm = mine(flow.subscription_update_confirm, 'subscription_update_confirm')
  const cancel = mine(flow.subscription_cancel, 'subscription_cancel')
  expectToGoOn(service, cancel)
  const update = mine(flow.subscription_update, 'subscription_update')
  return {
    after_completion: {
      hosted_confirmation: after?.hosted_confirmation
        ? { custom_message: after.hosted_confirmation.custom_message ?? null }
        : null,
      redirect: after?.redirect ? { return_url: after.redirect.return_url } : null,
      type: after?.type ?? 'portal_homepage',
    },
    customer_update: null,
    subscription_cancel: cancel && { retention: null, subscription: cancel.subscription },
    subscription_pause: null,
    subscription_update: update && { subscription: update.subscription },
    subscription_update_confirm: confirm && {
      discounts: null,
      items: confirm.items.map(({ id, price = null, quantity }) => ({
        id,
        price,
        ...(quantity === undefined ? {} : { quantity }),
      })),
      subscription: confirm.subscription,
    },
    type,
  }
}

/** Stripe opens no page to cancel what is to end already, however that was planned. */
function expectToGoOn({ state }: StripeService, cancel: OneSubscription | null): void {
  const subscription = state.subscriptions[cancel?.subscription ?? '']
  if (subscription === undefined || subscription.cancel_at === null) return
  throw invalid(
    'The subscription is already set to be canceled at period end.',
    'flow_data[subscription_cancel][subscription]',
  )
}
