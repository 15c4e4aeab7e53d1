import { textOf } from '../../json.ts'
import { StripeFailure } from '../api/error.ts'
import { typedCode } from '../catalog/discounts.ts'
import type { StripeCheckoutSession, StripeCustomer, StripeSubscription } from '../core/objects.ts'
import type { StripePaymentMethod } from '../core/payment-objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { createCustomer } from '../customers/customer.ts'
import { authenticationFailed } from '../payments/attempt.ts'
import { confirmIntent, createIntent } from '../payments/payment-intent.ts'
import { attach, createPaymentMethod, declined } from '../payments/payment-method.ts'
import { confirmSetup, createSetupIntent } from '../payments/setup-intent.ts'
import { cardOf, isCardNumber } from '../payments/test-cards.ts'
import { createSubscription } from '../subscriptions/create.ts'
import { amountsOf } from './lines.ts'

/** What the person typed into the hosted page. */
export interface CheckoutPayment {
  readonly email?: string | undefined
  /** @default '4242424242424242', or none where the session does not ask for a card */
  readonly cardNumber?: string | undefined
  /** For a card that asks its owner: whether the owner confirmed it. @default true */
  readonly authenticated?: boolean | undefined
  readonly promotionCode?: string | undefined
}

/** Whether the page asks for a card. */
export function needsCard(service: StripeService, session: StripeCheckoutSession): boolean {
  return (
    session.payment_method_collection !== 'if_required' ||
    dueNow(service, session) > 0 ||
    session.mode === 'setup'
  )
}

/** What is charged when the person presses the button. */
function dueNow({ state }: StripeService, session: StripeCheckoutSession): number {
  const plan = find(state.plans, 'checkout.session', session.id)
  const { trial_end: end, trial_period_days: days } = plan.subscriptionData
  if (session.mode === 'setup' || end !== undefined || days !== undefined) return 0
  return amountsOf(state, plan).total
}

/**
 * Completes an open session; a session that is complete already stays as it is, so a second click
 * makes no second subscription. What is refused leaves nothing behind.
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
  usePromotionCode(service, session, payment.promotionCode)
  const number = cardNumber(service, session, payment)
  const email = emailOf(service, session, payment)
  const customer = customerOf(service, session, email)
  session.customer = customer?.id ?? null
  session['customer_details'] = {
    address: null,
    business_name: null,
    email: customer?.email ?? email,
    individual_name: null,
    name: customer?.name ?? null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  }
  const method = number === undefined ? undefined : createPaymentMethod(service, number, { email })
  if (session.mode === 'subscription') subscribe(service, session, customer, method)
  else if (session.mode === 'payment') pay(service, session, method)
  else save(service, session, method)
  session.status = 'complete'
  session.url = null
  service.emit('checkout.session.completed', session)
  return session
}

function usePromotionCode(
  service: StripeService,
  session: StripeCheckoutSession,
  typed: string | undefined,
): void {
  if (typed === undefined || typed === '' || session['allow_promotion_codes'] !== true) return
  const plan = find(service.state.plans, 'checkout.session', session.id)
  const choice = typedCode(service, typed, session.customer)
  plan.discounts = [choice]
  const { off, subtotal, total } = amountsOf(service.state, plan)
  session['discounts'] = [{ coupon: null, promotion_code: choice.promotionCode }]
  const { trial_end: end, trial_period_days: days } = plan.subscriptionData
  if (end !== undefined || days !== undefined) return
  session['amount_subtotal'] = subtotal
  session.amount_total = total
  session['total_details'] = { amount_discount: off, amount_shipping: 0, amount_tax: 0 }
}

/** The card that was typed and would not be declined, or none where none is needed. */
function cardNumber(
  service: StripeService,
  session: StripeCheckoutSession,
  { authenticated, cardNumber: typed }: CheckoutPayment,
): string | undefined {
  if (!needsCard(service, session) && (typed === undefined || typed === '')) return undefined
  const number = (typed ?? '4242424242424242').replaceAll(/[\s-]/g, '')
  if (!isCardNumber(number)) {
    throw new StripeFailure(402, 'Your card number is invalid.', {
      type: 'card_error',
      code: 'invalid_number',
    })
  }
  const card = cardOf(number)
  if (card.onAttach) throw declined(card.onAttach)
  if (card.authentication && authenticated === false) throw declined(authenticationFailed)
  if (card.onCharge && dueNow(service, session) > 0) throw declined(card.onCharge)
  return number
}

function emailOf(
  service: StripeService,
  session: StripeCheckoutSession,
  payment: CheckoutPayment,
): string | null {
  if (session.customer !== null) {
    return find(service.state.customers, 'customer', session.customer, 'customer').email
  }
  const email = session.customer_email ?? payment.email
  if (email === undefined || !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email)) {
    throw new StripeFailure(400, 'An email address is required.', {
      code: 'email_invalid',
      param: 'email',
    })
  }
  return email
}

function customerOf(
  service: StripeService,
  session: StripeCheckoutSession,
  email: string | null,
): StripeCustomer | undefined {
  if (session.customer !== null) return service.state.customers[session.customer]
  return session.customer_creation === 'always' ? createCustomer(service, { email }) : undefined
}

function subscribe(
  service: StripeService,
  session: StripeCheckoutSession,
  customer: StripeCustomer | undefined,
  method: StripePaymentMethod | undefined,
): void {
  if (!customer) return
  const plan = find(service.state.plans, 'checkout.session', session.id)
  const {
    billing_cycle_anchor: anchor,
    billing_mode: mode,
    description,
    trial_end: trialEnd,
    trial_period_days: days,
    trial_settings: settings,
  } = plan.subscriptionData
  if (method) {
    attach(service, method, customer.id)
    const card = service.state.cards[method.id]
    if (card) card.isSetUp = true
  }
  const subscription = createSubscription(service, {
    customer: customer.id,
    items: plan.lines.map(({ price, quantity }) => ({
      price,
      quantity:
        service.state.prices[price]?.recurring?.usage_type === 'metered' ? undefined : quantity,
    })),
    metadata: plan.subscriptionMetadata,
    billingCycleAnchor: typeof anchor === 'number' ? anchor : undefined,
    billingMode: (mode as { type?: 'classic' | 'flexible' } | undefined)?.type,
    checkoutSession: session.id,
    defaultPaymentMethod: method?.id,
    description: typeof description === 'string' ? description : null,
    discounts: plan.discounts,
    isAuthenticated: true,
    trialEnd: typeof trialEnd === 'number' ? trialEnd : undefined,
    trialPeriodDays: typeof days === 'number' ? days : undefined,
    trialSettings: settings as StripeSubscription['trial_settings'] | undefined,
  })
  session.subscription = subscription.id
  session.invoice = subscription.latest_invoice
  session.payment_status = method ? 'paid' : 'no_payment_required'
}

function pay(
  service: StripeService,
  session: StripeCheckoutSession,
  method: StripePaymentMethod | undefined,
): void {
  const { total } = amountsOf(
    service.state,
    find(service.state.plans, 'checkout.session', session.id),
  )
  if (!method || total === 0) {
    session.payment_status = 'no_payment_required'
    return
  }
  const plan = find(service.state.plans, 'checkout.session', session.id)
  const intent = createIntent(service, {
    amount: total,
    currency: textOf(session['currency']),
    customer: session.customer,
    metadata: plan.subscriptionMetadata,
  })
  session.payment_intent = intent.id
  session.payment_status = 'paid'
  confirmIntent(service, intent, method, { isAuthenticated: true, isOffSession: false })
}

function save(
  service: StripeService,
  session: StripeCheckoutSession,
  method: StripePaymentMethod | undefined,
): void {
  const intent = createSetupIntent(service, { customer: session.customer })
  session.setup_intent = intent.id
  if (method) confirmSetup(service, intent, method, true)
}
