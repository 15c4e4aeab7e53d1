import { expectLine, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectUrl } from '../expect.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { expectReference } from './customer-input.ts'
import type { Customers } from './customers.ts'

/** For {@link Billing.createPortal}. */
export interface PortalInput {
  readonly reference: string
  /** Where the page leads back to. */
  readonly returnUrl: string
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
}

const PORTAL = Object.keys({
  reference: true,
  returnUrl: true,
  locale: true,
} satisfies Record<keyof PortalInput, true>)

/** Throws unless it is a {@link PortalInput}. */
export function expectPortal(input: PortalInput): void {
  expectObject('input', input)
  expectOptions(input, PORTAL, 'billing.createPortal')
  expectReference(input.reference)
  expectUrl('returnUrl', input.returnUrl)
  if (input.locale !== undefined) expectLine('locale', input.locale, 10)
}

/** Opens a portal. Each is another link to the same page, so a repeat does no harm. */
export async function createPortal(
  calls: StripeCalls,
  customers: Customers,
  { reference, returnUrl, locale }: PortalInput,
): Promise<{ readonly url: string }> {
  const call = {
    operation: 'billingPortal.sessions.create',
    effect: 'idempotent',
    answers: 'billing_portal.session',
  } as const
  const { url } = await customers.use('createPortal', reference, undefined, (customer) => {
    const parameters = {
      customer,
      return_url: returnUrl,
      ...(locale === undefined ? {} : { locale }),
    } as const
    return calls.run(call, (stripe, request) =>
      stripe.billingPortal.sessions.create(parameters, request),
    )
  })
  return { url }
}
