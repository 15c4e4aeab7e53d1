import { createHash } from 'node:crypto'
import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { REFERENCE_KEY } from '../customers/customer-input.ts'
import type { Customers } from '../customers/customers.ts'
import { whileInUse } from '../stripe/in-use.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { CheckoutInput } from './checkout-input.ts'

/*
 * The life of an attempt to subscribe, from the first call to the person's page:
 *
 * 1. The person's customer is found, or made under a key of its own (`customers.ts`).
 * 2. A session is opened under an idempotency key that follows from the reference and the attempt, so every
 *    repeat asks for the same session: after a crash, a lost answer, from another process.
 * 3. While another call holds that key, Stripe says 409: wait and ask again (`in-use.ts`).
 * 4. Stripe answers a repeat with what it stored, not with how the session stands now: so it is read.
 * 5. An open session is the page to send the person to. One that was completed or has expired is the end of
 *    the attempt: `'checkout_closed'`. Both key and session live for 24 hours.
 *
 * Wherever that breaks off, a repeat goes on from there, and makes neither a second customer nor a second
 * session. What a failure says of its outcome follows docs/semantics.md, rule 20.
 */

/** A hosted page where the customer subscribes. */
export interface Checkout {
  /** Where to send the person. */
  readonly url: string
  readonly sessionId: string
}

/** Opens a checkout, or finds the one that the same attempt has opened. */
export async function createCheckout(
  calls: StripeCalls,
  customers: Customers,
  input: CheckoutInput,
): Promise<Checkout> {
  const { reference, customer } = input
  const session = await customers.use('createCheckout', reference, customer, (customerId) =>
    whileInUse(() => openSession(calls, input, customerId)),
  )
  const current = isReplay(session) ? await readSession(calls, session.id) : session
  if (current.status === 'open' && typeof current.url === 'string') {
    return { url: current.url, sessionId: current.id }
  }
  throw new BillingError(
    `createCheckout found the attempt's session ${current.status ?? 'closed'}: use another attemptKey to begin anew`,
    { operation: 'createCheckout', code: 'checkout_closed', retryable: false, outcome: 'none' },
  )
}

function openSession(
  calls: StripeCalls,
  input: CheckoutInput,
  customerId: string,
): Promise<Stripe.Response<Stripe.Checkout.Session>> {
  const idempotencyKey = keyOf(input, customerId)
  const operation = 'checkout.sessions.create'
  const answers = 'checkout.session'
  return calls.run(
    { operation, effect: 'idempotent', idempotencyKey, answers },
    (stripe, request) => stripe.checkout.sessions.create(parametersOf(input, customerId), request),
  )
}

function readSession(calls: StripeCalls, id: string): Promise<Stripe.Checkout.Session> {
  const operation = 'checkout.sessions.retrieve'
  return calls.run({ operation, effect: 'read' }, (stripe, request) =>
    stripe.checkout.sessions.retrieve(id, {}, request),
  )
}

/** Whether it is a stored answer, which does not say what has become of the session since. */
function isReplay({ lastResponse }: Stripe.Response<unknown>): boolean {
  return lastResponse.headers['idempotent-replayed'] === 'true'
}

/** Another customer, when the first one was deleted, is another request. */
function keyOf({ reference, attemptKey }: CheckoutInput, customerId: string): string {
  const text = JSON.stringify([reference, attemptKey, customerId])
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
