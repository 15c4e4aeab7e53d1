import { expectLine, expectObject, expectOneOf, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import type { Customers } from '../customers/customers.ts'
import { expectUrl } from '../expect.ts'
import { nativeParameters } from '../stripe/native-parameters.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Changes } from './changes.ts'

/** The one thing that a portal is opened for: another card, the end of the subscription, another plan. */
export type PortalFlow = 'payment_method_update' | 'subscription_cancel' | 'subscription_update'

/** For {@link Billing.portal}. */
export interface PortalInput {
  /** Where the page leads back to; a flow does so when it is completed. */
  readonly returnUrl: string
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
  /** @default the portal's first page */
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
      ...(flow === undefined
        ? {}
        : { flow_data: await flowData(changes, operation, reference, flow, returnUrl) }),
      ...nativeParameters(native),
    }
    return await calls.run(call, (stripe, request) =>
      stripe.billingPortal.sessions.create(parameters, request),
    )
  })
  return { url }
}

async function flowData(
  changes: Changes,
  operation: string,
  reference: string,
  flow: PortalFlow,
  returnUrl: string,
): Promise<Stripe.BillingPortal.SessionCreateParams.FlowData> {
  const after = { type: 'redirect', redirect: { return_url: returnUrl } } as const
  if (flow === 'payment_method_update') return { type: flow, after_completion: after }
  const { id } = await changes.live(operation, reference)
  return { type: flow, [flow]: { subscription: id }, after_completion: after }
}
