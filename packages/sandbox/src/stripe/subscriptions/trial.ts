import { invalid } from '../api/error.ts'

/** Stripe takes no trial longer than this. Source: https://docs.stripe.com/billing/subscriptions/trials */
const mostDays = 730

/** How long a trial is asked for. */
export interface TrialInput {
  readonly trialPeriodDays?: number | undefined
  readonly trialEnd?: number | 'now' | undefined
}

/** When a trial ends that begins `now`, or null without one. */
export function endOfTrial(now: number, { trialEnd, trialPeriodDays }: TrialInput): number | null {
  if (trialEnd !== undefined && trialPeriodDays !== undefined) {
    throw invalid('You may only specify one of these parameters: trial_end, trial_period_days.')
  }
  if (trialPeriodDays !== undefined) {
    return trialPeriodDays > 0 ? now + trialPeriodDays * 86_400 : null
  }
  if (trialEnd === undefined || trialEnd === 'now') return null
  checkTrialEnd(now, trialEnd, 'trial_end')
  return trialEnd
}

/**
 * @throws StripeFailure 400 for a moment that has passed, or more than 730 days away
 */
export function checkTrialEnd(now: number, trialEnd: number, param: string): void {
  if (trialEnd <= now) throw invalid('Invalid timestamp: must be in the future', param)
  if (trialEnd > now + mostDays * 86_400) {
    throw invalid('The maximum number of trial period days is 730 (2 years).', param)
  }
}
