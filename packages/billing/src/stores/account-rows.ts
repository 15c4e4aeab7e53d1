import type {
  AccountRecord,
  FetchedSubscription,
  FetchWrite,
  SubscriptionItem,
  SubscriptionRecord,
} from './account-record.ts'

/** An account's columns, as they are selected: a plugin that renames columns leaves such names alone. */
export interface AccountRow {
  readonly account: string
  readonly seen: number
  readonly trial: number | null
  readonly noticed: boolean
}

/** A subscription's columns, as they are selected. */
export interface SubscriptionRow {
  readonly id: string
  readonly reference: string
  readonly customer: string
  readonly status: string
  readonly paused: boolean
  readonly items: string
  readonly created: number
  readonly period: number | null
  readonly tried: number | null
  readonly ends: number | null
  readonly since: number
  readonly number: number
}

export function accountOf(
  row: AccountRow,
  subscriptions: readonly SubscriptionRecord[],
): AccountRecord {
  return {
    reference: row.account,
    createdAt: row.seen,
    trialEndsAt: row.trial ?? undefined,
    trialNoticed: row.noticed,
    subscriptions,
  }
}

export function subscriptionOf(row: SubscriptionRow): SubscriptionRecord {
  return {
    id: row.id,
    reference: row.reference,
    customerId: row.customer,
    status: row.status,
    paused: row.paused,
    items: readItems(row.items),
    createdAt: row.created,
    periodEndsAt: row.period ?? undefined,
    trialEndsAt: row.tried ?? undefined,
    endsAt: row.ends ?? undefined,
    since: row.since,
    fetch: row.number,
  }
}

type ItemJson = readonly [
  id: string,
  price: string,
  product: string | null,
  lookupKey: string | null,
  quantity: number | null,
]

function readItems(text: string): SubscriptionItem[] {
  return (JSON.parse(text) as ItemJson[]).map(([id, priceId, product, lookupKey, quantity]) => ({
    id,
    priceId,
    productId: product ?? undefined,
    lookupKey: lookupKey ?? undefined,
    quantity: quantity ?? undefined,
  }))
}

/** What was fetched, as JSON for one parameter. */
export function rowsOf({ subscriptions }: FetchWrite): string {
  return JSON.stringify(subscriptions.map(rowOf))
}

function rowOf(subscription: FetchedSubscription): object {
  const items = subscription.items.map(
    ({ id, priceId, productId, lookupKey, quantity }): ItemJson => [
      id,
      priceId,
      productId ?? null,
      lookupKey ?? null,
      quantity ?? null,
    ],
  )
  return {
    id: subscription.id,
    customer: subscription.customerId,
    status: subscription.status,
    paused: subscription.paused,
    items: JSON.stringify(items),
    created: subscription.createdAt,
    period: subscription.periodEndsAt ?? null,
    tried: subscription.trialEndsAt ?? null,
    ends: subscription.endsAt ?? null,
  }
}

/** Of a subscription that goes on no more. */
export const ENDED_STATUSES: readonly string[] = ['canceled', 'incomplete_expired', 'gone']

/** The oldest first; of the same second by their ids. */
export function inOrder(subscriptions: Iterable<SubscriptionRecord>): SubscriptionRecord[] {
  return [...subscriptions].toSorted(
    (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id)),
  )
}
