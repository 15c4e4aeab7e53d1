import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { fateOf, ofCustomer, withoutCustomer } from '../customers/fate.ts'
import type { ReceivedEvent } from '../status/notice.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'
import { expectAnswer } from '../stripe/expect-answer.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { fetchedOf, type ShownSubscription } from './fetched-subscription.ts'

/** How {@link fetchSubscription} knows what became of one that Stripe does not have. */
export interface Whereabouts {
  /** The record that there is of it, which says whose it was. */
  readonly known: () => Promise<SubscriptionRecord | undefined>
  /** The event that is about it, if one is. */
  readonly event: ReceivedEvent | undefined
}

/**
 * Asks Stripe for one subscription.
 *
 * @returns `undefined` when Stripe has it no more, and the store has no record of it
 * @throws {BillingError} when nothing shows that this key is of its account: `'customer_unknown'` for one that the store
 *   knows, else `'not_found'`
 */
export async function fetchSubscription(
  calls: StripeCalls,
  id: string,
  { known, event }: Whereabouts,
): Promise<ShownSubscription | undefined> {
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
    if (!isNotFound(error)) throw error
    const record = await known()
    const isLost = record === undefined || (await fateOf(calls, record.customerId)) === 'unknown'
    if (isLost && !(event !== undefined && (await isShown(calls, event)))) {
      throw record === undefined ? error : withoutCustomer('sync', 'unknown')
    }
    return record && { ...record, status: 'gone', namedReference: undefined }
  }
}

function isNotFound(error: unknown): boolean {
  return BillingError.isInstance(error) && error.code === 'not_found'
}

/**
 * Whether Stripe shows an event to this key: then both are of one account and mode, and what the event is about was
 * deleted there. A restricted key may not be allowed to see it, which says nothing.
 */
async function isShown(calls: StripeCalls, { id, native }: ReceivedEvent): Promise<boolean> {
  try {
    const call = { operation: 'events.retrieve', effect: 'read' } as const
    await calls.run(call, async (stripe, request) =>
      native.object === 'event'
        ? await stripe.events.retrieve(id, {}, request)
        : await stripe.v2.core.events.retrieve(id, {}, request),
    )
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    if (BillingError.isInstance(error) && error.code === 'forbidden') return false
    throw error
  }
}

/** Asks Stripe for all subscriptions of a customer, those that have ended too. */
export async function fetchSubscriptionsOf(
  calls: StripeCalls,
  customer: string,
): Promise<readonly ShownSubscription[]> {
  const filter = { customer, status: 'all', limit: 100 } as const
  return await ofCustomer(calls, 'sync', customer, [], () => listSubscriptions(calls, filter))
}

async function listSubscriptions(
  calls: StripeCalls,
  filter: Stripe.SubscriptionListParams,
): Promise<readonly ShownSubscription[]> {
  const found: ShownSubscription[] = []
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
): Promise<{ readonly subscriptions: readonly ShownSubscription[]; readonly hasMore: boolean }> {
  const call = { operation: 'subscriptions.list', effect: 'read' } as const
  const from = after === undefined ? {} : { starting_after: after }
  return await calls.run(call, async (stripe, request) => {
    const page = await stripe.subscriptions.list({ ...filter, ...from }, request)
    expectAnswer(call.operation, call.effect, 'list', page)
    const subscriptions: ShownSubscription[] = []
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
