import type { BillingStatus } from '@yuzuru/billing'

/** How long a page waits for Stripe's confirmation, in milliseconds. Then it says what to do. */
export const CONFIRM_MS = 2 * 60_000

/**
 * Whether the page waits for Stripe's confirmation: not at all, since now, for a while, or for too long.
 */
export type Confirmation = 'none' | 'begins' | 'waits' | 'late'

/**
 * How the status page waits.
 *
 * @param isBack whether the person comes from a checkout that this office opened
 * @param since when the wait began, in milliseconds since 1970, from the address
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
  // A time in the future is not valid.
  return waited >= 0 && waited < CONFIRM_MS ? 'waits' : 'late'
}
