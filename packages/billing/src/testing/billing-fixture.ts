import assert from 'node:assert/strict'
import type { Fixture } from '@yuzuru/concurrency/testing'
import type { Billing } from '../billing.ts'
import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import type { CheckoutInput } from '../checkout/checkout-input.ts'

/** The billing to try, and what is seen and done on Stripe's side. */
export interface BillingFixture extends Fixture {
  /** Made with `trial: { days: 180 }` and without `prices`. */
  readonly billing: Billing
  readonly webhookSecret: string
  /** A recurring price. */
  readonly priceId: string
  /** Another recurring price of the same currency. */
  readonly otherPriceId: string
  /** The references of all customers that Stripe has: `metadata.yuzuru_reference`. */
  customers(): readonly (string | undefined)[]
  /** The ids of the checkout sessions that are open. */
  openSessions(): readonly string[]
  /** Completes a checkout as the customer would on the hosted page. */
  completeCheckout(sessionId: string): unknown
  /** Lets one coming request whose line begins so (`POST /v1/customers`) be done and not be answered. */
  loseReply(line: string): void
}

/** One case. */
export type Check = (fixture: BillingFixture, reference: string) => Promise<void>

export const EMAIL = 'hanako@example.jp'

/** What is asked for in most cases. */
export type Input = CheckoutInput & { readonly whenSubscribed?: 'refuse' }

/** A checkout with all that a person sees. */
export function checkoutInput(fixture: BillingFixture): Input {
  return {
    price: fixture.priceId,
    customer: { email: EMAIL, name: '山田 花子' },
    successUrl: 'https://app.example.jp/billing?session={CHECKOUT_SESSION_ID}',
    cancelUrl: 'https://app.example.jp/billing',
    locale: 'ja',
    metadata: { plan: 'basic' },
  }
}

/** What a call failed with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'Expected the call to fail' })
}

/** The refusal that a call failed with. */
export async function refusalOf(
  call: Promise<unknown>,
  code: BillingErrorCode,
): Promise<BillingError> {
  const error = await failureOf(call)
  assert.ok(BillingError.isInstance(error), String(error))
  assert.equal(error.code, code)
  return error
}

/** How many customers Stripe has of a reference. */
export const made = (fixture: BillingFixture, reference: string): number =>
  fixture.customers().filter((one) => one === reference).length
