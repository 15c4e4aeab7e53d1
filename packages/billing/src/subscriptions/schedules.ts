import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { idOf } from '../stripe/id-of.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Fetches } from './fetches.ts'

/** The id of the schedule that says what becomes of a subscription; `undefined` for one that goes by itself. */
function scheduleOf({ schedule }: Stripe.Subscription): string | undefined {
  return idOf(schedule)
}

interface SchedulesInit {
  readonly calls: StripeCalls
  readonly fetches: Fetches
}

/**
 * Calls `change`, which plans an end or takes one back. Stripe refuses both while a schedule has the subscription, so
 * that one is released before: the subscription goes on as it is, and what the schedule had planned is given up.
 */
export async function withoutSchedule<T>(
  init: SchedulesInit,
  reference: string,
  subscription: Stripe.Subscription,
  change: () => Promise<T>,
): Promise<T> {
  await release(init, reference, subscription)
  return await change()
}

/**
 * Releases the schedule that would change the plan again. It is done after the plan was changed, which Stripe allows
 * beside a schedule: a change that fails gives up nothing.
 *
 * @returns the subscription as it is then
 */
export async function releaseAfter(
  init: SchedulesInit,
  reference: string,
  changed: Stripe.Subscription,
): Promise<Stripe.Subscription> {
  const isReleased = await release(init, reference, changed)
  return isReleased ? await init.fetches.one(reference, changed.id) : changed
}

/**
 * Releases the schedule, if there is one. An end that it had planned stays planned, so that a call that breaks off
 * here does not charge for more than was to be paid.
 *
 * @see https://docs.stripe.com/api/subscription_schedules/release
 * @returns whether there was one
 */
async function release(
  { calls, fetches }: SchedulesInit,
  reference: string,
  subscription: Stripe.Subscription,
): Promise<boolean> {
  const schedule = scheduleOf(subscription)
  if (schedule === undefined) return false
  const call = {
    operation: 'subscriptionSchedules.release',
    effect: 'idempotent',
    answers: 'subscription_schedule',
  } as const
  try {
    await calls.run(call, (stripe, request) =>
      stripe.subscriptionSchedules.release(schedule, { preserve_cancel_date: true }, request),
    )
  } catch (error) {
    if (!BillingError.isInstance(error) || error.code !== 'invalid_request') throw error
    // It may have been released meanwhile: by another call, or by an attempt whose answer was lost.
    if (scheduleOf(await fetches.one(reference, subscription.id)) !== undefined) throw error
  }
  return true
}
