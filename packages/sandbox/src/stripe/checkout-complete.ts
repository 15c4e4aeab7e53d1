import { createCustomer } from './customers.ts'
import { StripeFailure } from './error.ts'
import { newId } from './id.ts'
import { find, type StripeService } from './service.ts'
import type { StripeCheckoutSession, StripeObject } from './state.ts'
import { createSubscription } from './subscription-create.ts'

/** What the person typed into the hosted page. */
export interface CheckoutPayment {
  readonly email?: string | undefined
  /** @default '4242424242424242' */
  readonly cardNumber?: string | undefined
}

/** Stripe's test card that is always declined. Source: https://docs.stripe.com/testing */
const declinedCard = '4000000000000002'

/**
 * Completes an open session; a session that is complete already stays as it is, so a second click
 * makes no second subscription.
 *
 * @throws StripeFailure 400 for an expired session or a missing email, 402 for a declined card
 */
export function completeSession(
  service: StripeService,
  id: string,
  payment: CheckoutPayment,
): StripeCheckoutSession {
  const session = find(service.state.sessions, 'checkout.session', id)
  if (session.status === 'complete') return session
  if (session.status === 'expired') {
    throw new StripeFailure(400, 'This Checkout Session has expired.', {
      code: 'checkout_session_expired',
    })
  }
  const card = (payment.cardNumber ?? '4242424242424242').replaceAll(/[\s-]/g, '')
  if (!/^\d{12,19}$/.test(card)) {
    throw new StripeFailure(402, 'Your card number is invalid.', {
      type: 'card_error',
      code: 'invalid_number',
    })
  }
  if (card === declinedCard) {
    throw new StripeFailure(402, 'Your card was declined.', {
      type: 'card_error',
      code: 'card_declined',
    })
  }
  const customer = customerOf(service, session, payment)
  session.customer = customer?.id ?? null
  session['customer_details'] = {
    address: null,
    email: customer?.email ?? payment.email ?? session.customer_email,
    name: (customer?.['name'] ?? null) as string | null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  }
  if (session.mode === 'subscription' && customer) subscribe(service, session, customer.id)
  else if (session.mode === 'payment')
    session['payment_intent'] = intent(service, session, 'payment_intent', 'pi')
  else session['setup_intent'] = intent(service, session, 'setup_intent', 'seti')
  session.status = 'complete'
  if (session.mode !== 'setup') session.payment_status = 'paid'
  session.url = null
  service.emit('checkout.session.completed', session)
  return session
}

function customerOf(
  service: StripeService,
  session: StripeCheckoutSession,
  payment: CheckoutPayment,
): { id: string; email: string | null; [name: string]: unknown } | undefined {
  if (session.customer !== null) {
    return find(service.state.customers, 'customer', session.customer, 'customer')
  }
  const email = session.customer_email ?? payment.email
  if (email === undefined || !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email)) {
    throw new StripeFailure(400, 'An email address is required.', {
      code: 'email_invalid',
      param: 'email',
    })
  }
  if (session['customer_creation'] !== 'always') return undefined
  return createCustomer(service, { email })
}

function subscribe(service: StripeService, session: StripeCheckoutSession, customer: string): void {
  const plan = find(service.state.plans, 'checkout.session', session.id)
  const {
    trial_end: trialEnd,
    trial_period_days: days,
    trial_settings: settings,
    description,
  } = plan.subscriptionData
  const subscription = createSubscription(service, {
    customer,
    items: plan.lines.map(({ price, quantity }) => ({ price, quantity })),
    metadata: plan.subscriptionMetadata,
    trialEnd: typeof trialEnd === 'number' ? trialEnd : undefined,
    trialPeriodDays: typeof days === 'number' ? days : undefined,
    trialSettings: settings,
    description: typeof description === 'string' ? description : null,
    defaultPaymentMethod: newId('pm'),
  })
  session.subscription = subscription.id
  session['invoice'] = subscription.latest_invoice
}

function intent(
  service: StripeService,
  session: StripeCheckoutSession,
  object: 'payment_intent' | 'setup_intent',
  prefix: string,
): string {
  const record: StripeObject = {
    id: newId(prefix),
    object,
    ...(object === 'payment_intent'
      ? {
          amount: session['amount_total'] ?? 0,
          amount_received: session['amount_total'] ?? 0,
          currency: session['currency'] ?? null,
        }
      : { usage: 'off_session' }),
    created: service.now(),
    customer: session.customer,
    livemode: false,
    metadata: {},
    payment_method: newId('pm'),
    payment_method_types: ['card'],
    status: 'succeeded',
  }
  service.state.intents[record.id] = record
  service.emit(`${object}.succeeded`, record)
  return record.id
}
