import { APP_KEY, REFERENCE_KEY } from '../customers/named-reference.ts'
import type { FetchedSubscription, SubscriptionItem } from '../stores/account-record.ts'

/** A subscription as Stripe shows it, with the app that its metadata names. */
export interface ShownSubscription extends FetchedSubscription {
  readonly namedApp?: string | undefined
}

/**
 * Reads what Stripe shows of a subscription, in any version of its API and whatever it is: what is missing
 * or of another type is passed over, and what is no subscription is `'unreadable'`, which opens nothing.
 *
 * @param id of the subscription that was asked for, in case the answer has none
 */
export function fetchedOf(native: unknown, id: string): ShownSubscription {
  const it = fieldsOf(native)
  const items = itemsOf(it)
  const period = periodEndOf(it)
  const status = textOf(it['status'])
  const customerId = textOf(it['customer']) ?? textOf(fieldsOf(it['customer'])['id'])
  const created = millisecondsOf(it['created'])
  const isReadable = it['object'] === 'subscription' && status !== undefined && status !== ''
  return {
    id: textOf(it['id']) ?? id,
    customerId: customerId ?? '',
    namedReference: referenceOf(it),
    namedApp: textOf(fieldsOf(it['metadata'])[APP_KEY]),
    status: isReadable && customerId !== undefined ? status : 'unreadable',
    // Invoices of the other behaviours are collected later, or the service is given for free.
    paused: fieldsOf(it['pause_collection'])['behavior'] === 'void',
    items,
    createdAt: created ?? 0,
    periodEndsAt: period,
    trialEndsAt: millisecondsOf(it['trial_end']),
    endsAt:
      millisecondsOf(it['ended_at']) ??
      millisecondsOf(it['cancel_at']) ??
      (it['cancel_at_period_end'] === true ? period : undefined),
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The latest time that a `Date` can hold, in seconds. */
const MAX_SECONDS = 8.64e12

/** Stripe's times are seconds since 1970. */
function millisecondsOf(seconds: unknown): number | undefined {
  const isTime = Number.isSafeInteger(seconds) && (seconds as number) >= 0
  return isTime && (seconds as number) <= MAX_SECONDS ? (seconds as number) * 1_000 : undefined
}

function listOf(value: unknown): readonly Fields[] {
  const { data } = fieldsOf(value)
  return Array.isArray(data) ? data.map(fieldsOf) : []
}

function itemsOf(it: Fields): readonly SubscriptionItem[] {
  return listOf(it['items']).flatMap((item) => {
    const id = textOf(item['id'])
    const price = fieldsOf(item['price'])
    const priceId = textOf(price['id']) ?? textOf(item['price'])
    if (id === undefined || priceId === undefined) return []
    const { quantity } = item
    return {
      id,
      priceId,
      productId: textOf(price['product']) ?? textOf(fieldsOf(price['product'])['id']),
      lookupKey: textOf(price['lookup_key']),
      quantity: typeof quantity === 'number' ? quantity : undefined,
    }
  })
}

/** The nearest end of its items' periods; in versions before 2025-03-31 it has one of its own. */
function periodEndOf(it: Fields): number | undefined {
  const ends = listOf(it['items']).flatMap(
    (item) => millisecondsOf(item['current_period_end']) ?? [],
  )
  return ends.length > 0 ? Math.min(...ends) : millisecondsOf(it['current_period_end'])
}

/** Stripe takes references of up to 200 characters, and so does the store. */
function referenceOf(it: Fields): string | undefined {
  const reference = textOf(fieldsOf(it['metadata'])[REFERENCE_KEY])
  return reference === undefined || reference === '' || reference.length > 200
    ? undefined
    : reference
}
