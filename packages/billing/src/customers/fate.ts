import { BillingError } from '../billing-error.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** What Stripe says of a customer: it has it, it had it, or it never had one with that id. */
export type Fate = 'present' | 'deleted' | 'unknown'

/** Asks Stripe what became of a customer. */
export async function fateOf(calls: StripeCalls, customerId: string): Promise<Fate> {
  const operation = 'customers.retrieve'
  try {
    const call = { operation, effect: 'read', answers: 'customer' } as const
    const customer = await calls.run(call, (stripe, request) =>
      stripe.customers.retrieve(customerId, {}, request),
    )
    return customer.deleted === true ? 'deleted' : 'present'
  } catch (error) {
    if (BillingError.isInstance(error) && error.code === 'not_found') return 'unknown'
    throw error
  }
}

/** Whether Stripe refused a call because it has no such customer (any more). */
export function isWithoutCustomer(error: unknown): boolean {
  if (!BillingError.isInstance(error) || error.stripeCode !== 'resource_missing') return false
  return error.param === 'customer' && error.outcome === 'none'
}

/** That the reference's customer can't be used, and what to do about it. */
export function withoutCustomer(operation: string, fate: Exclude<Fate, 'present'>): BillingError {
  const reason = {
    deleted: `the reference's customer deleted in Stripe: call ensureCustomer to make another`,
    unknown: `that Stripe has no such customer: this key is of another account or mode than the one that made it. Use that key, or a store of its own for each account and mode`,
  }[fate]
  return new BillingError(`${operation} found ${reason}`, {
    operation,
    code: `customer_${fate}`,
    retryable: false,
    outcome: 'none',
  })
}

/**
 * Calls `fn`, which asks for what belongs to a customer.
 *
 * @returns `empty` when Stripe has deleted the customer
 * @throws {BillingError} `'customer_unknown'` when Stripe never had it
 */
export async function ofCustomer<T>(
  calls: StripeCalls,
  operation: string,
  customerId: string,
  empty: T,
  fn: () => Promise<T>,
): Promise<T> {
  try {
    return await fn()
  } catch (error) {
    if (!isWithoutCustomer(error)) throw error
    const fate = await fateOf(calls, customerId)
    if (fate === 'deleted') return empty
    throw fate === 'unknown' ? withoutCustomer(operation, fate) : error
  }
}
