import { createHash } from 'node:crypto'
import { io, type IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import { answering } from '../stripe/answering.ts'
import { BillingError } from '../billing-error.ts'
import { type CheckoutInput, expectCheckout } from './checkout-input.ts'
import { REFERENCE_KEY } from '../customers/customer-input.ts'
import type { Customers } from '../customers/customers.ts'
import { whileInUse } from '../stripe/in-use.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'

/** A hosted page where the customer subscribes. */
export interface Checkout {
  /** Where to send the person. */
  readonly url: string
  readonly sessionId: string
}

/**
 * Opens a checkout, or finds the one that the same attempt has opened. Its key follows from the
 * reference and the attempt, and a session lives no longer than a key: 24 hours.
 */
export async function createCheckout(
  calls: StripeCalls,
  customers: Customers,
  input: CheckoutInput,
  options: IoOptions | undefined,
): Promise<Checkout> {
  expectOptions(options, IO_OPTIONS, 'billing.createCheckout')
  expectCheckout(input)
  const { reference, customer } = input
  const call = { boundary: 'billing', operation: 'createCheckout', effect: 'idempotent' } as const
  return await io({ ...call, translate: (error) => error as Error }, options, (_, progress) =>
    answering(progress, async () => {
      const customerId =
        customer === undefined
          ? await customers.require('createCheckout', reference)
          : await customers.ensure({ ...customer, reference })
      const session = await whileInUse(() => openSession(calls, input, customerId))
      const current = isReplay(session) ? await readSession(calls, session.id) : session
      if (current.status === 'open' && typeof current.url === 'string') {
        return { url: current.url, sessionId: current.id }
      }
      throw new BillingError(
        `createCheckout found the attempt's session ${current.status ?? 'closed'}: use another attemptKey to begin anew`,
        { operation: 'createCheckout', code: 'checkout_closed', retryable: false, outcome: 'none' },
      )
    }),
  )
}

function openSession(
  calls: StripeCalls,
  input: CheckoutInput,
  customerId: string,
): Promise<Stripe.Response<Stripe.Checkout.Session>> {
  const idempotencyKey = keyOf(input)
  const operation = 'checkout.sessions.create'
  return calls.run(
    { operation, effect: 'idempotent', idempotencyKey },
    undefined,
    (stripe, request) => stripe.checkout.sessions.create(parametersOf(input, customerId), request),
  )
}

function readSession(calls: StripeCalls, id: string): Promise<Stripe.Checkout.Session> {
  const operation = 'checkout.sessions.retrieve'
  return calls.run({ operation, effect: 'read' }, undefined, (stripe, request) =>
    stripe.checkout.sessions.retrieve(id, {}, request),
  )
}

/** Stripe gives the stored answer: what has become of the session since, it does not tell. */
function isReplay({ lastResponse }: Stripe.Response<unknown>): boolean {
  return lastResponse.headers['idempotent-replayed'] === 'true'
}

function keyOf({ reference, attemptKey }: CheckoutInput): string {
  const text = JSON.stringify([reference, attemptKey])
  return `yuzuru-checkout-${createHash('sha256').update(text).digest('hex')}`
}

function parametersOf(
  input: CheckoutInput,
  customerId: string,
): Stripe.Checkout.SessionCreateParams {
  const { reference, priceId, quantity = 1, trialPeriodDays, trialEnd, locale } = input
  const metadata = { ...input.metadata, [REFERENCE_KEY]: reference }
  return {
    mode: 'subscription',
    customer: customerId,
    client_reference_id: reference,
    line_items: [{ price: priceId, quantity }],
    success_url: input.successUrl,
    ...(input.cancelUrl === undefined ? {} : { cancel_url: input.cancelUrl }),
    ...(locale === undefined ? {} : { locale }),
    metadata,
    subscription_data: {
      metadata,
      ...(trialPeriodDays === undefined ? {} : { trial_period_days: trialPeriodDays }),
      ...(trialEnd === undefined ? {} : { trial_end: Math.floor(trialEnd.getTime() / 1_000) }),
    },
  }
}
