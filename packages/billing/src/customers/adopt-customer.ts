import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { APP_KEY, REFERENCE_KEY } from './named-reference.ts'
import { fateOf, withoutCustomer } from './fate.ts'

export interface AdoptInit {
  readonly app: string | undefined
  readonly calls: StripeCalls
  readonly store: BillingStore
}

/**
 * Makes a customer that Stripe has the reference's.
 *
 * @throws {BillingError} `'customer_deleted'`, `'customer_unknown'`; `'conflict'` when the customer is another
 *   reference's, or the reference has another customer that Stripe still has
 */
export async function adoptCustomer(
  { app, calls, store }: AdoptInit,
  reference: string,
  customerId: string,
): Promise<void> {
  const operation = 'adoptCustomer'
  const call = { operation: 'customers.retrieve', effect: 'read', answers: 'customer' } as const
  const customer = await calls.run(call, (stripe, request) =>
    stripe.customers.retrieve(customerId, {}, request),
  )
  if (customer.deleted === true) throw withoutCustomer(operation, 'deleted')
  const { [REFERENCE_KEY]: named = reference, [APP_KEY]: ofApp = app } = customer.metadata
  if (named !== reference || ofApp !== app) {
    throw refusal(operation, 'conflict', 'the customer made for another reference or app')
  }
  const before = await store.findCustomer(reference)
  if (before?.customerId === customerId) return
  if (before?.customerId !== undefined && (await fateOf(calls, before.customerId)) !== 'deleted') {
    throw refusal(operation, 'conflict', 'another customer of the reference')
  }
  const after = await store.replaceCustomer(reference, before?.customerId, customerId)
  if (after?.customerId === customerId) return
  throw refusal(operation, 'conflict', 'the customer with another reference')
}

function refusal(operation: string, code: BillingErrorCode, found: string): BillingError {
  return new BillingError(`${operation} found ${found}`, {
    operation,
    code,
    retryable: false,
    outcome: 'none',
  })
}
