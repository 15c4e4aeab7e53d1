import { expectLine, expectNumber, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { BillingError } from '../billing-error.ts'
import { nativeErrorOf } from '../stripe/native-error.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { expectDate } from './plan-change.ts'

/** For {@link Billing.usage}. */
export interface UsageInput {
  /** The `event_name` of the meter: 1 to 100 characters. */
  readonly meter: string
  /** How much was used: 0 to 999,999,999,999,999. Of a fraction 15 significant digits are counted. */
  readonly value: number
  /**
   * The name of what was used: it is counted once for each, among all references; 1 to 100 characters.
   * Stripe remembers it for a day at least.
   */
  readonly id: string
  /** When it was used: within the past 35 days. @default now */
  readonly at?: Date | undefined
}

/**
 * Stripe takes 15 significant digits; a fraction such as 0.1 + 0.2 has more.
 *
 * @see https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation
 */
const MOST = 999_999_999_999_999
const PLAIN = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 15, useGrouping: false })

const USAGE = Object.keys({
  meter: true,
  value: true,
  id: true,
  at: true,
} satisfies Record<keyof UsageInput, true>)

/** Throws unless it is a {@link UsageInput}. */
export function expectUsage(input: UsageInput): void {
  expectObject('input', input)
  expectOptions(input, USAGE, 'billing.usage')
  expectLine('meter', input.meter, 100)
  expectNumber('value', input.value, 0, MOST)
  expectLine('id', input.id, 100)
  if (input.at !== undefined) expectDate('at', input.at)
}

/** Counts usage. That it was counted already is a success. */
export async function countUsage(
  calls: StripeCalls,
  customerId: string,
  { meter, value, id, at }: UsageInput,
): Promise<void> {
  const call = {
    operation: 'billing.meterEvents.create',
    effect: 'idempotent',
    answers: 'billing.meter_event',
  } as const
  try {
    await calls.run(call, (stripe, request) =>
      stripe.billing.meterEvents.create(
        {
          event_name: meter,
          identifier: id,
          payload: { stripe_customer_id: customerId, value: PLAIN.format(value) },
          ...(at === undefined ? {} : { timestamp: Math.floor(at.getTime() / 1_000) }),
        },
        request,
      ),
    )
  } catch (error) {
    if (!isCounted(error)) throw error
  }
}

/**
 * Whether Stripe has counted usage of that name. Its list of error codes has `duplicate_meter_event`
 * (https://docs.stripe.com/error-codes), but the refusal itself comes without a code: its prose says it. Another
 * refusal of the identifier is a failure, as nothing was counted.
 */
function isCounted(error: unknown): boolean {
  if (!BillingError.isInstance(error) || error.code !== 'invalid_request') return false
  if (error.stripeCode === 'duplicate_meter_event') return true
  return /^An event already exists with identifier\b/.test(nativeErrorOf(error)?.message ?? '')
}
