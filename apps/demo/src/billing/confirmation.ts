import type { BillingStatus } from '@yuzuru/billing'

/** How long a page says that Stripe's word is on its way and looks again, in milliseconds. Then it says what to do. */
export const CONFIRM_MS = 2 * 60_000

/** Whether the page waits for Stripe's word: not at all, since a moment ago, or for too long. */
export type Confirmation = 'none' | 'begins' | 'waits' | 'late'

/**
 * How a page of the status waits.
 *
 * @param isBack whether the person comes from a checkout that this very office opened
 * @param since what the address says: when the wait began, in milliseconds since 1970
 */
export function confirmationOf(
  { status, subscription }: BillingStatus,
  {
    isBack,
    since,
    now,
  }: { readonly isBack: boolean; readonly since: string | undefined; readonly now: number },
): Confirmation {
  const isSubscribed = subscription !== undefined && status !== 'canceled'
  const isOpen = status === 'incomplete' || status === 'unknown' || (isBack && !isSubscribed)
  if (!isOpen) return 'none'
  if (since === undefined || !/^\d{1,15}$/.test(since)) return 'begins'
  const waited = now - Number(since)
  // A moment to come is nobody's beginning.
  return waited >= 0 && waited < CONFIRM_MS ? 'waits' : 'late'
}
