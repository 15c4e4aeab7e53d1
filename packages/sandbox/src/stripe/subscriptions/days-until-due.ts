import { invalid } from '../api/error.ts'
import type { StripeSubscription } from '../core/objects.ts'

/**
 * @throws StripeFailure 400 for days where nothing is sent
 * Source: https://docs.stripe.com/api/subscriptions/create ("Valid only for … `send_invoice`")
 */
export function expectDays(
  { collection_method: method }: Pick<StripeSubscription, 'collection_method'>,
  given: number | undefined,
): void {
  if (given === undefined || method === 'send_invoice') return
  throw invalid(
    '`days_until_due` can only be set when `collection_method` is `send_invoice`.',
    'days_until_due',
  )
}
