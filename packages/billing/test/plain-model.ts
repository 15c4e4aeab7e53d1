import type { StripeServer } from '@yuzuru/sandbox'

type StripeSubscription = ReturnType<StripeServer['subscriptions']>[number]

/** What should be true, said of Stripe's own objects as plainly as can be. */
export interface PlainStatus {
  readonly status: string
  readonly isOpen: boolean
}

/**
 * The plain model: one look at all that Stripe has, without rows, numbers or events.
 *
 * @param trialEndsAt when the app's own trial ends, in milliseconds since 1970
 */
export function plainStatus(
  subscriptions: readonly StripeSubscription[],
  trialEndsAt: number,
  now: number,
): PlainStatus {
  const trialRuns = now < trialEndsAt
  const is = (...statuses: string[]): StripeSubscription[] =>
    subscriptions.filter(({ status }) => statuses.includes(status))
  const ends = ({ cancel_at: at, cancel_at_period_end: withPeriod }: StripeSubscription): boolean =>
    at !== null || withPeriod
  const given = givenBy(subscriptions)
  const stays = given.filter((one) => !ends(one))
  const status = (): string => {
    if (stays.length > 0 && trialRuns) return 'early_payment'
    if (stays.some((one) => one.status === 'active')) return 'active'
    if (stays.length > 0) return 'trialing'
    if (given.length > 0) return 'canceling'
    if (trialRuns) return 'trialing'
    if (is('past_due').some((one) => !isVoided(one))) return 'past_due'
    if (is('paused', 'active', 'trialing', 'past_due').length > 0) return 'paused'
    if (is('unpaid').some(isVoided)) return 'paused'
    if (is('unpaid').length > 0) return 'unpaid'
    if (is('incomplete').length > 0) return 'incomplete'
    return is('canceled').length > 0 ? 'canceled' : 'trial_expired'
  }
  return { status: status(), isOpen: trialRuns || given.length > 0 }
}

/** Those that are paid for, or in a trial. */
export function givenBy(subscriptions: readonly StripeSubscription[]): StripeSubscription[] {
  return subscriptions.filter(
    (one) => (one.status === 'active' || one.status === 'trialing') && !isVoided(one),
  )
}

function isVoided({ pause_collection: pause }: StripeSubscription): boolean {
  return (pause as { behavior?: string } | null)?.behavior === 'void'
}
