import { expectLine, expectObject, expectOneOf, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import type { Customers } from '../customers/customers.ts'
import { expectUrl } from '../expect.ts'
import { nativeParameters } from '../stripe/native-parameters.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { isToEnd } from './billing-subscription.ts'
import type { Changes } from './changes.ts'

/** The one thing that a portal is opened for: another card, the end of the subscription, another plan. */
export type PortalFlow = 'payment_method_update' | 'subscription_cancel' | 'subscription_update'

/** For {@link Billing.portal}. */
export interface PortalInput {
  /** Where the page leads back to; a flow does so when it is completed. */
  readonly returnUrl: string
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
  /** @default the portal's first page, where also a `subscription_cancel` leads whose end is planned already */
  readonly flow?: PortalFlow | undefined
  /** Stripe's own parameters, over ours: `configuration`, `flow_data` … */
  readonly native?: Omit<Stripe.BillingPortal.SessionCreateParams, 'customer'> | undefined
}

const PORTAL = Object.keys({
  returnUrl: true,
  locale: true,
  flow: true,
  native: true,
} satisfies Record<keyof PortalInput, true>)

/** Throws unless it is a {@link PortalInput}. */
export function expectPortal(input: PortalInput): void {
  expectObject('input', input)
  expectOptions(input, PORTAL, 'billing.portal')
  expectUrl('returnUrl', input.returnUrl)
  if (input.locale !== undefined) expectLine('locale', input.locale, 10)
  if (input.flow !== undefined) {
    expectOneOf('flow', input.flow, [
      'payment_method_update',
      'subscription_cancel',
      'subscription_update',
    ])
  }
  if (input.native === undefined) return
  expectObject('native', input.native)
  if (!Object.hasOwn(input.native, 'customer')) return
  throw new TypeError('Expected native without customer, which follows from the reference')
}

/** Opens a portal. Each is another link to the same page, so a repeat does no harm. */
export async function openPortal(
  { calls, customers, changes }: { calls: StripeCalls; customers: Customers; changes: Changes },
  operation: string,
  reference: string,
  { returnUrl, locale, flow, native }: PortalInput,
): Promise<{ readonly url: string }> {
  const call = {
    operation: 'billingPortal.sessions.create',
    effect: 'idempotent',
    answers: 'billing_portal.session',
  } as const
  const { url } = await customers.use(operation, reference, undefined, async (customer) => {
    const parameters: Stripe.BillingPortal.SessionCreateParams = {
      customer,
      return_url: returnUrl,
      ...(locale === undefined ? {} : { locale }),
      ...(flow === undefined ? {} : await flowData(changes, operation, reference, flow, returnUrl)),
      ...nativeParameters(native),
    }
    return await calls.run(call, (stripe, request) =>
      stripe.billingPortal.sessions.create(parameters, request),
    )
  })
  return { url }
}

/** Stripe refuses to cancel what is to end already: that stands on the portal's first page, and can be taken back there. */
async function flowData(
  changes: Changes,
  operation: string,
  reference: string,
  flow: PortalFlow,
  returnUrl: string,
): Promise<Pick<Stripe.BillingPortal.SessionCreateParams, 'flow_data'>> {
  const after_completion = { type: 'redirect', redirect: { return_url: returnUrl } } as const
  if (flow === 'payment_method_update') return { flow_data: { type: flow, after_completion } }
  const live = await changes.live(operation, reference)
  if (flow === 'subscription_cancel' && isToEnd(live)) return {}
  return { flow_data: { type: flow, [flow]: { subscription: live.id }, after_completion } }
}
