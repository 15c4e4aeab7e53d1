import type { StripePrice } from './objects.ts'

/** So many months later, on the same day or else the month's last, at the same time of day. */
export function monthsAfter(anchor: number, months: number): number {
  const date = new Date(anchor * 1000)
  const month = date.getUTCMonth() + months
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const day = Math.min(date.getUTCDate(), lastDay)
  return Date.UTC(date.getUTCFullYear(), month, day) / 1000 + (anchor % 86_400)
}

/**
 * The end of the period that begins at `start`. Ends are counted from the anchor, not from the period
 * before: 31 January, 28 February, 31 March.
 * Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
 */
export function periodEnd(anchor: number, start: number, price: StripePrice): number {
  const { interval = 'month', interval_count: count = 1 } = price.recurring ?? {}
  if (interval === 'day' || interval === 'week') {
    const length = count * (interval === 'day' ? 86_400 : 7 * 86_400)
    return anchor + (Math.floor((start - anchor) / length) + 1) * length
  }
  const months = interval === 'year' ? 12 * count : count
  let periods = Math.max(0, Math.floor((start - anchor) / (months * 31 * 86_400)))
  while (monthsAfter(anchor, periods * months) <= start) periods += 1
  return monthsAfter(anchor, periods * months)
}
