import type { Stripe } from 'stripe'
import type { Change } from './plan-change.ts'

/**
 * From when a change is previewed: the date that was given, or else now. Stripe takes only one within the period, and
 * our clock may be ahead of its clock or behind it; the period of a paused subscription is over. So it is the nearest
 * moment of the period then.
 *
 * @param now in milliseconds since 1970
 */
export function prorationDateOf(
  { items }: Stripe.Subscription,
  { prorationDate }: Change,
  now: number,
): Date {
  if (prorationDate !== undefined) return inSeconds(prorationDate.getTime() / 1_000)
  const starts = items.data.flatMap((item) => item.current_period_start ?? [])
  const ends = items.data.flatMap((item) => item.current_period_end ?? [])
  return inSeconds(Math.max(Math.min(now / 1_000, Math.min(...ends) - 1), Math.max(...starts)))
}

/** A whole second, as Stripe's times are. */
function inSeconds(seconds: number): Date {
  return new Date(Math.floor(seconds) * 1_000)
}
