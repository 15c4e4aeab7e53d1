import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { fateOf, ofCustomer, withoutCustomer } from '../customers/fate.ts'
import type { FetchedSubscription, SubscriptionRecord } from '../stores/account-record.ts'
import { expectAnswer } from '../stripe/expect-answer.ts'
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
  return await ofCustomer(calls, 'sync', customer, [], () => listSubscriptions(calls, filter))
}

async function listSubscriptions(
  calls: StripeCalls,
  filter: Stripe.SubscriptionListParams,
): Promise<readonly FetchedSubscription[]> {
  const found: FetchedSubscription[] = []
  for (;;) {
    const { subscriptions, hasMore } = await fetchPage(calls, filter, found.at(-1)?.id)
    found.push(...subscriptions)
    if (!hasMore || subscriptions.length === 0) return found
  }
}

/** One page of a list of subscriptions, after the one with the id `after`. */
export async function fetchPage(
  calls: StripeCalls,
  filter: Stripe.SubscriptionListParams,
  after: string | undefined,
): Promise<{ readonly subscriptions: readonly FetchedSubscription[]; readonly hasMore: boolean }> {
  const call = { operation: 'subscriptions.list', effect: 'read' } as const
  const from = after === undefined ? {} : { starting_after: after }
  return await calls.run(call, async (stripe, request) => {
    const page = await stripe.subscriptions.list({ ...filter, ...from }, request)
    expectAnswer(call.operation, call.effect, 'list', page)
    const subscriptions: FetchedSubscription[] = []
    for (const native of page.data) {
      subscriptions.push(fetchedOf(await withAllItems(stripe, request, native), native.id))
    }
    return { subscriptions, hasMore: page.has_more }
  })
}

/** A subscription shows its first items only; the others are a list of their own. */
export async function withAllItems(
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
