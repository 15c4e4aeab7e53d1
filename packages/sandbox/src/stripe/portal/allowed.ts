import { textOf } from '../../json.ts'
import type { StripeObject } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { configurationsOf, featuresOf, type PortalFeatures } from './configuration.ts'

/** What a button of the portal does. */
export type PortalAction = 'card' | 'cancel' | 'confirm' | 'resume' | 'update'

/** The flow of a session, as Stripe shows it. */
export interface ShownFlow {
  readonly after_completion: {
    readonly hosted_confirmation: { readonly custom_message: string | null } | null
    readonly redirect: { readonly return_url: string } | null
    readonly type: 'hosted_confirmation' | 'portal_homepage' | 'redirect'
  }
  readonly subscription_cancel: { readonly subscription: string } | null
  readonly subscription_update: { readonly subscription: string } | null
  readonly subscription_update_confirm: {
    readonly items: readonly { id: string; price: string | null; quantity?: number }[]
    readonly subscription: string
  } | null
  readonly type: keyof typeof ACTIONS
}

/** The one thing that each flow is for. */
const ACTIONS = {
  payment_method_update: 'card',
  subscription_cancel: 'cancel',
  subscription_update: 'update',
  subscription_update_confirm: 'confirm',
} as const

export function shownFlow(session: StripeObject): ShownFlow | null {
  return session['flow'] as ShownFlow | null
}

export function sessionFeatures(service: StripeService, session: StripeObject): PortalFeatures {
  const configuration = configurationsOf(service)[textOf(session['configuration'])]
  if (configuration === undefined) throw new TypeError('Expected the configuration of the session')
  return featuresOf(configuration)
}

/** Whether the session is for this: its flow's one thing, or what its configuration allows. */
export function isAllowed(
  service: StripeService,
  session: StripeObject,
  action: string | null,
  subscription?: string,
): action is PortalAction {
  const flow = shownFlow(session)
  if (flow !== null) {
    const of = flow.type === 'payment_method_update' ? undefined : flow[flow.type]?.subscription
    return action === ACTIONS[flow.type] && (of === undefined || of === subscription)
  }
  const features = sessionFeatures(service, session)
  if (action === 'card') return features.payment_method_update.enabled
  if (action === 'update') return features.subscription_update.enabled
  return (action === 'cancel' || action === 'resume') && features.subscription_cancel.enabled
}
