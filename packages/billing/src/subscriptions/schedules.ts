import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { afterEffect } from '../stripe/after-effect.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Fetches } from './fetches.ts'

/** The id of the schedule that says what becomes of a subscription; `undefined` for one that goes by itself. */
function scheduleOf({ schedule }: Stripe.Subscription): string | undefined {
  return typeof schedule === 'string' ? schedule : schedule?.id
}

/**
 * Calls `change`, which plans an end or takes one back. Stripe refuses both while a schedule has the subscription, so
 * that one is released before: the subscription goes on as it is, and what the schedule had planned is given up.
 *
 * @see https://docs.stripe.com/api/subscription_schedules/release
 */
export async function withoutSchedule<T>(
  { calls, fetches }: { readonly calls: StripeCalls; readonly fetches: Fetches },
  reference: string,
  subscription: Stripe.Subscription,
  change: () => Promise<T>,
): Promise<T> {
  const schedule = scheduleOf(subscription)
  if (schedule === undefined) return await change()
  const call = {
    operation: 'subscriptionSchedules.release',
    effect: 'idempotent',
    answers: 'subscription_schedule',
  } as const
  try {
    await calls.run(call, (stripe, request) =>
      stripe.subscriptionSchedules.release(schedule, {}, request),
    )
  } catch (error) {
    if (!BillingError.isInstance(error) || error.code !== 'invalid_request') throw error
    // It may have been released meanwhile: by another call, or by an attempt whose answer was lost.
    if (scheduleOf(await fetches.one(reference, subscription.id)) !== undefined) throw error
  }
  return await afterEffect(change)
}
