import { io, type IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { expectReference } from './customer-input.ts'
import type { Customers } from './customers.ts'
import { expectObject, expectText, expectUrl } from '../expect.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** For {@link Billing.createPortal}. */
export interface PortalInput {
  readonly reference: string
  /** Where the page leads back to. */
  readonly returnUrl: string
  /** `'ja'`, `'en'` … @default that of the browser */
  readonly locale?: string | undefined
}

/** Opens a portal. Each is another link to the same page, so a repeat does no harm. */
export async function createPortal(
  calls: StripeCalls,
  customers: Customers,
  input: PortalInput,
  options: IoOptions | undefined,
): Promise<{ readonly url: string }> {
  expectOptions(options, IO_OPTIONS, 'billing.createPortal')
  expectObject('input', input)
  expectOptions(input, ['reference', 'returnUrl', 'locale'], 'billing.createPortal')
  const { reference, returnUrl, locale } = input
  expectReference(reference)
  expectUrl('returnUrl', returnUrl)
  if (locale !== undefined) expectText('locale', locale, 10)
  const call = { boundary: 'billing', operation: 'createPortal', effect: 'idempotent' } as const
  return await io(
    { ...call, translate: (error) => error as Error },
    options,
    async (_, progress) => {
      progress.sent = false
      const customer = await customers.require('createPortal', reference)
      const operation = 'billingPortal.sessions.create'
      const session = await calls.run(
        { operation, effect: 'idempotent' },
        undefined,
        (stripe, request) =>
          stripe.billingPortal.sessions.create(
            {
              customer,
              return_url: returnUrl,
              ...(locale === undefined ? {} : { locale }),
            },
            request,
          ),
      )
      return { url: session.url }
    },
  )
}
