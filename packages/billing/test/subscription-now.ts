import type { Billing } from '../src/billing.ts'
import type { SubscriptionRecord } from '../src/stores/account-record.ts'

/** What Stripe says of a reference's best subscription, once it is written down. */
export async function subscriptionNow<Tx>(
  billing: Billing<Tx>,
  reference: string,
): Promise<(SubscriptionRecord & { readonly priceId: string | undefined }) | undefined> {
  const { subscription } = await billing.sync(reference)
  if (subscription === undefined) return undefined
  return { ...subscription, priceId: subscription.items[0]?.priceId }
}
