import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { fateOf, isWithoutCustomer, withoutCustomer } from '../customers/fate.ts'
import type { FetchedSubscription, SubscriptionRecord } from '../stores/account-record.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { fetchedOf } from './fetched-subscription.ts'

/**
 * Asks Stripe for one subscription.
 *
 * @param known the record there is of it, which says whose it was when Stripe has it no more
 * @throws {BillingError} `'not_found'` when neither Stripe nor the store has it; `'customer_unknown'` when
 *   Stripe has not its customer either: the key is of another account or mode
 */
export async function fetchSubscription(
  calls: StripeCalls,
  id: string,
  known: () => Promise<SubscriptionRecord | undefined>,
): Promise<FetchedSubscription> {
  const call = {
    operation: 'subscriptions.retrieve',
    effect: 'read',
    answers: 'subscription',
  } as const
  try {
    const native = await calls.run(call, async (stripe, request) =>
      withAllItems(stripe, request, await stripe.subscriptions.retrieve(id, {}, request)),
    )
    return fetchedOf(native, id)
  } catch (error) {
    const isGone = BillingError.isInstance(error) && error.code === 'not_found'
    const record = isGone ? await known() : undefined
    if (record === undefined) throw error
    const fate = await fateOf(calls, record.customerId)
    if (fate === 'unknown') throw withoutCustomer('sync', fate)
    return { ...record, status: 'gone', namedReference: undefined }
  }
}

/** Asks Stripe for all subscriptions of a customer, those that have ended too. */
export async function fetchSubscriptionsOf(
  calls: StripeCalls,
  customer: string,
): Promise<readonly FetchedSubscription[]> {
  const filter = { customer, status: 'all', limit: 100 } as const
  try {
    return await listSubscriptions(calls, filter)
  } catch (error) {
    if (!isWithoutCustomer(error)) throw error
    const fate = await fateOf(calls, customer)
    if (fate === 'deleted') return []
    throw fate === 'unknown' ? withoutCustomer('sync', fate) : error
  }
}

async function listSubscriptions(
  calls: StripeCalls,
  filter: Stripe.SubscriptionListParams,
): Promise<readonly FetchedSubscription[]> {
  const call = { operation: 'subscriptions.list', effect: 'read' } as const
  return await calls.run(call, async (stripe, request) => {
    const found: FetchedSubscription[] = []
    for await (const native of stripe.subscriptions.list(filter, request)) {
      found.push(fetchedOf(await withAllItems(stripe, request, native), native.id))
    }
    return found
  })
}

/** A subscription shows its first items only; the others are a list of their own. */
async function withAllItems(
  stripe: Stripe,
  request: Stripe.RequestOptions,
  native: Stripe.Subscription,
): Promise<Stripe.Subscription> {
  const { items, id: subscription } = native
  if (!items?.has_more) return native
  const data: Stripe.SubscriptionItem[] = []
  for await (const item of stripe.subscriptionItems.list({ subscription, limit: 100 }, request)) {
    data.push(item)
  }
  return { ...native, items: { ...items, data, has_more: false } }
}
