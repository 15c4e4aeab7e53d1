import type {
  AccountRecord,
  FetchedSubscription,
  FetchWrite,
  SubscriptionItem,
  SubscriptionRecord,
} from './account-record.ts'
import { readOptionalTime, readTime } from './json-time.ts'

/*
 * A row is selected as one JSON array: that costs PostgreSQL and its driver less than sixteen columns with their types,
 * and no plugin or parser of the app's renames or changes what is in it.
 */

const ACCOUNT_FIELDS = `
  a.reference, a.created_at, a.trial_ends_at, a.trial_noticed_at is not null`
const SUBSCRIPTION_FIELDS = `
  s.id, s.reference, s.customer_id, s.status, s.paused, s.items::json, s.created_at, s.period_ends_at,
  s.trial_ends_at, s.ends_at, s.since, s.fetched`

/** Selects an account `a`. */
export const ACCOUNT: string = `json_build_array(${ACCOUNT_FIELDS})`

/** Selects a subscription `s`. */
export const SUBSCRIPTION: string = `json_build_array(${SUBSCRIPTION_FIELDS})`

/** Selects an account `a` and one of its subscriptions `s`: a second column would cost as much as the first. */
export const ACCOUNT_AND_SUBSCRIPTION: string = `
  json_build_array(${ACCOUNT_FIELDS}, ${SUBSCRIPTION_FIELDS})`

/** An account, as {@link ACCOUNT} selects it. */
export type AccountJson = readonly [
  reference: string,
  createdAt: string,
  trialEndsAt: string | null,
  trialNoticed: boolean,
]

/** A subscription, as {@link SUBSCRIPTION} selects it. */
export type SubscriptionJson = readonly [
  id: string,
  reference: string,
  customer: string,
  status: string,
  paused: boolean,
  items: string | readonly ItemJson[],
  createdAt: string,
  periodEndsAt: string | null,
  trialEndsAt: string | null,
  endsAt: string | null,
  since: string,
  fetched: number,
]

/** Both, as {@link ACCOUNT_AND_SUBSCRIPTION} selects them; the id of no subscription is `null`. */
export type AccountAndSubscriptionJson =
  | readonly [...AccountJson, ...SubscriptionJson]
  | readonly [...AccountJson, null, ...unknown[]]

/** The account of its rows, with its subscriptions; `undefined` when there are none. */
export function accountOfRows(
  rows: readonly AccountAndSubscriptionJson[],
): AccountRecord | undefined {
  const [first] = rows
  if (first === undefined) return undefined
  const subscriptions = rows.flatMap(([, , , , ...subscription]) =>
    isSubscription(subscription) ? subscriptionOf(subscription) : [],
  )
  const [reference, createdAt, trialEndsAt, trialNoticed] = first
  return accountOf([reference, createdAt, trialEndsAt, trialNoticed], inOrder(subscriptions))
}

function isSubscription(fields: readonly unknown[]): fields is SubscriptionJson {
  return fields[0] !== null
}

/** Reads JSON that was selected as text; a plugin (`ParseJSONResultsPlugin`) may have read it already. */
export function readJson<T>(json: string | T): T {
  return typeof json === 'string' ? (JSON.parse(json) as T) : json
}

export function accountOf(
  [reference, createdAt, trialEndsAt, trialNoticed]: AccountJson,
  subscriptions: readonly SubscriptionRecord[],
): AccountRecord {
  return {
    reference,
    createdAt: readTime(createdAt),
    trialEndsAt: readOptionalTime(trialEndsAt),
    trialNoticed,
    subscriptions,
  }
}

export function subscriptionOf(row: SubscriptionJson): SubscriptionRecord {
  const [id, reference, customerId, status, paused, items, created, period, tried, ends] = row
  const [since, fetch] = [row[10], row[11]]
  return {
    id,
    reference,
    customerId,
    status,
    paused,
    items: readJson(items).map(itemOf),
    createdAt: readTime(created),
    periodEndsAt: readOptionalTime(period),
    trialEndsAt: readOptionalTime(tried),
    endsAt: readOptionalTime(ends),
    since: readTime(since),
    fetch,
  }
}

type ItemJson = readonly [
  id: string,
  price: string,
  product: string | null,
  lookupKey: string | null,
  quantity: number | null,
]

function itemOf([id, priceId, product, lookupKey, quantity]: ItemJson): SubscriptionItem {
  return {
    id,
    priceId,
    productId: product ?? undefined,
    lookupKey: lookupKey ?? undefined,
    quantity: quantity ?? undefined,
  }
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
