import type { WhenShort } from '../status/plan-options.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * The least that Stripe takes of a checkout's trial: 48 hours from the moment when the session is made. The
 * minute is for the way there, and for clocks that differ.
 *
 * @see https://docs.stripe.com/payments/checkout/free-trials
 */
const LEAST_MS = 48 * HOUR_MS + 60_000

/** The most. @see https://docs.stripe.com/billing/subscriptions/trials */
const MOST_MS = 730 * DAY_MS - 60_000

/**
 * When the trial of a checkout ends, in seconds since 1970: with the app's own trial, as far as Stripe takes
 * it; `undefined` for no trial.
 *
 * @param trialEndsAt when the app's own trial ends, in milliseconds since 1970; `undefined`: there is none
 */
export function checkoutTrialEnd(
  trialEndsAt: number | undefined,
  whenShort: WhenShort,
  now: number,
): number | undefined {
  if (trialEndsAt === undefined || trialEndsAt <= now) return undefined
  if (trialEndsAt >= now + LEAST_MS) {
    return Math.floor(Math.min(trialEndsAt, now + MOST_MS) / 1_000)
  }
  return whenShort === 'charge' ? undefined : Math.ceil((now + LEAST_MS) / 1_000)
}
