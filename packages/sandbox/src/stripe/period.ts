import type { StripePrice } from './state.ts'

/** The moment one billing period after `start`, clamped to the month's last day as Stripe does. */
export function periodEnd(start: number, price: StripePrice): number {
  const { interval = 'month', interval_count: count = 1 } = price.recurring ?? {}
  if (interval === 'day') return start + count * 86_400
  if (interval === 'week') return start + count * 7 * 86_400
  const date = new Date(start * 1000)
  const months = date.getUTCMonth() + (interval === 'year' ? 12 * count : count)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), months + 1, 0)).getUTCDate()
  const time = start % 86_400
  const day = Math.min(date.getUTCDate(), lastDay)
  return Date.UTC(date.getUTCFullYear(), months, day) / 1000 + time
}
