import type { AccountRecord, SubscriptionRecord } from '../src/stores/account-record.ts'

export const DAY = 86_400_000
export const NOW: number = Date.UTC(2026, 0, 1)

/** A subscription that is paid for. */
export const recordWith = (change: Partial<SubscriptionRecord> = {}): SubscriptionRecord => ({
  id: 'sub_1',
  reference: 'office-1',
  customerId: 'cus_1',
  status: 'active',
  paused: false,
  items: [{ id: 'si_1', priceId: 'price_1', productId: 'prod_1', lookupKey: 'basic', quantity: 1 }],
  createdAt: NOW - 40 * DAY,
  periodEndsAt: NOW + 20 * DAY,
  trialEndsAt: undefined,
  endsAt: undefined,
  since: NOW - 10 * DAY,
  fetch: 1,
  ...change,
})

/** An account of a hundred days. */
export const accountWith = (
  subscriptions: readonly SubscriptionRecord[],
  trialEndsAt?: number,
): AccountRecord => ({
  reference: 'office-1',
  createdAt: NOW - 100 * DAY,
  trialEndsAt,
  trialNoticed: false,
  subscriptions,
})
