import type { Json } from '../../json.ts'
import { StripeFailure, invalid } from '../api/error.ts'
import { redeem } from '../catalog/discounts.ts'
import { newId } from '../core/id.ts'
import type { Metadata, StripeInvoice, StripePrice, StripeSubscription } from '../core/objects.ts'
import type { StripePaymentMethod } from '../core/payment-objects.ts'
import { periodEnd } from '../core/period.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import type { DiscountChoice } from '../core/state.ts'
import { finalizeInvoice } from '../invoices/finalize.ts'
import { draftInvoice } from '../invoices/invoice.ts'
import { bill, lineOfItem, pendingItems } from '../invoices/invoice-item.ts'
import { methodFor } from '../invoices/pay.ts'
import { createSetupIntent } from '../payments/setup-intent.ts'
import { type CancelAt, planEnd } from './cancel-at.ts'
import { expectDays } from './days-until-due.ts'
import { expectCurrency, findPrice, newItem } from './item.ts'
import { activeDiscounts, periodLines, spendDiscounts } from './lines.ts'
import { collect } from './settle.ts'
import { emptySubscription } from './subscription.ts'
import { endOfTrial, type TrialInput } from './trial.ts'

export type PaymentBehavior = 'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete'

/** Source: https://docs.stripe.com/billing/subscriptions/multiple-products */
const mostItems = 20

export interface SubscriptionInput extends TrialInput {
  readonly customer: string
  readonly items: readonly { price: string; quantity: number | undefined; metadata?: Metadata }[]
  readonly metadata: Metadata
  readonly billingCycleAnchor?: number | undefined
  readonly billingMode?: 'classic' | 'flexible' | undefined
  readonly cancelAt?: CancelAt | undefined
  readonly cancelAtPeriodEnd?: boolean | undefined
  readonly checkoutSession?: string | undefined
  readonly currency?: string | undefined
  readonly collectionMethod?: 'charge_automatically' | 'send_invoice' | undefined
  readonly daysUntilDue?: number | undefined
  readonly defaultPaymentMethod?: string | null | undefined
  readonly description?: string | null | undefined
  readonly discounts?: readonly DiscountChoice[] | undefined
  readonly isOffSession?: boolean | undefined
  readonly isAuthenticated?: boolean | undefined
  readonly paymentBehavior?: PaymentBehavior | undefined
  readonly paymentSettings?: Json | undefined
  readonly prorationBehavior?: string | undefined
  readonly schedule?: string | undefined
  readonly trialSettings?: StripeSubscription['trial_settings'] | undefined
}

/**
 * A subscription with something to pay now is `incomplete` until that is paid, which its second event
 * tells; one with a trial is `trialing`, one with nothing to pay `active`.
 * Source: https://docs.stripe.com/billing/subscriptions/overview#how-subscriptions-work
 */
export function createSubscription(
  service: StripeService,
  input: SubscriptionInput,
): StripeSubscription {
  if (input.paymentBehavior === 'error_if_incomplete') {
    const tried = createSubscription(service.rehearsal(), {
      ...input,
      paymentBehavior: 'allow_incomplete',
    })
    if (tried.status === 'incomplete') throw incomplete()
  }
  const { subscription, invoice } = setUp(service, input)
  checkMethod(service, input, invoice)
  finishFirst(service, subscription, invoice, input)
  return subscription
}

/** The subscription and the draft of its first invoice, both stored, nothing announced. */
export function setUp(
  service: StripeService,
  input: SubscriptionInput,
): { subscription: StripeSubscription; invoice: StripeInvoice } {
  const customer = find(service.state.customers, 'customer', input.customer, 'customer')
  const now = nowOf(service, customer.id)
  const trialEnd = endOfTrial(now, input)
  const id = newId('sub')
  const prices = input.items.map(({ price }, index) =>
    findPrice(service, price, `items[${index}][price]`),
  )
  const [first] = prices
  if (!first) throw invalid('Missing required param: items.', 'items', 'parameter_missing')
  checkPrices(prices, input.currency)
  if (new Set(prices.map(({ currency }) => currency)).size > 1) {
    throw invalid('All prices on a subscription must have the same `currency`.', 'items')
  }
  if (customer.currency !== null && customer.currency !== first.currency) {
    throw invalid(
      `You cannot combine currencies on a single customer. This customer has an active subscription, or invoices, with currency ${customer.currency}`,
    )
  }
  const anchor = anchorOf(now, trialEnd, input, prices)
  const items = input.items.map(({ metadata, quantity }, index) => {
    const price = prices[index] ?? first
    const end = trialEnd ?? periodEnd(anchor, now, price)
    return newItem(id, { price, quantity, metadata, created: now, period: { start: now, end } })
  })
  const subscription = emptySubscription({
    id,
    anchor,
    billingMode: input.billingMode ?? 'flexible',
    currency: first.currency,
    customer,
    items,
    metadata: input.metadata,
    now,
    status: trialEnd === null ? 'incomplete' : 'trialing',
    trialEnd,
  })
  if (input.defaultPaymentMethod !== undefined && input.defaultPaymentMethod !== null) {
    subscription.default_payment_method = input.defaultPaymentMethod
  }
  subscription['description'] = input.description ?? null
  subscription.schedule = input.schedule ?? null
  if (input.trialSettings) subscription.trial_settings = input.trialSettings
  if (input.collectionMethod) subscription.collection_method = input.collectionMethod
  subscription.days_until_due = input.daysUntilDue ?? null
  expectDays(subscription, input.daysUntilDue)
  if (input.paymentSettings) {
    Object.assign(subscription['payment_settings'] as object, input.paymentSettings)
  }
  planEnd(subscription, { cancelAt: input.cancelAt, atPeriodEnd: input.cancelAtPeriodEnd }, now)
  service.state.subscriptions[id] = subscription
  const use = {
    customer: customer.id,
    subscription: id,
    checkoutSession: input.checkoutSession ?? null,
  }
  subscription.discounts = (input.discounts ?? []).map((choice) => redeem(service, choice, use).id)
  return { subscription, invoice: firstInvoice(service, subscription) }
}

function firstInvoice(service: StripeService, subscription: StripeSubscription): StripeInvoice {
  const now = nowOf(service, subscription.customer)
  const waiting = pendingItems(service, subscription.customer, subscription.id)
  const invoice = draftInvoice(service, {
    customer: subscription.customer,
    currency: subscription.currency,
    reason: 'subscription_create',
    subscription,
    discounts: activeDiscounts(service, subscription, now),
    lines: [
      ...waiting.map((item) => lineOfItem(service, item)),
      ...periodLines(service, subscription, subscription.items.data),
    ],
    isAutomatic: false,
  })
  bill(waiting, invoice.id)
  spendDiscounts(service, subscription, invoice)
  return invoice
}

/** Announces, finalizes and collects the first invoice. */
function finishFirst(
  service: StripeService,
  subscription: StripeSubscription,
  invoice: StripeInvoice,
  input: SubscriptionInput,
): void {
  const customer = service.state.customers[subscription.customer]
  const isDue = invoice.amount_due > 0 && subscription.collection_method === 'charge_automatically'
  if (subscription.status === 'incomplete' && !isDue) subscription.status = 'active'
  if (customer) customer.currency ??= subscription.currency
  if (subscription.status === 'trialing' && input.paymentBehavior === 'default_incomplete') {
    subscription.pending_setup_intent = createSetupIntent(service, {
      customer: subscription.customer,
    }).id
  }
  service.emit('customer.subscription.created', subscription)
  service.emit('invoice.created', invoice)
  finalizeInvoice(service, invoice)
  if (invoice.status === 'paid' || input.paymentBehavior === 'default_incomplete') return
  collect(service, invoice, {
    isOffSession: input.isOffSession ?? false,
    ...(input.isAuthenticated ? { isAuthenticated: true } : {}),
  })
}

/** Without any card there is nothing to try: Stripe refuses before it makes anything. */
function checkMethod(
  service: StripeService,
  input: SubscriptionInput,
  invoice: StripeInvoice,
): void {
  const isTried = input.paymentBehavior !== 'default_incomplete'
  const isCharged = invoice.amount_due > 0 && invoice.collection_method === 'charge_automatically'
  if (!isTried || !isCharged || hasMethod(service, invoice)) return
  discard(service, invoice)
  throw new StripeFailure(
    400,
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
    { code: 'resource_missing' },
  )
}

function hasMethod(
  service: StripeService,
  invoice: StripeInvoice,
): StripePaymentMethod | undefined {
  return methodFor(service, invoice)
}

function discard({ state }: StripeService, invoice: StripeInvoice): void {
  const id = invoice.parent?.subscription_details?.subscription ?? ''
  for (const discount of state.subscriptions[id]?.discounts ?? []) delete state.discounts[discount]
  for (const item of Object.values(state.invoiceItems)) {
    if (item['invoice'] === invoice.id) item['invoice'] = null
  }
  delete state.invoices[invoice.id]
  delete state.subscriptions[id]
}

/** Up to 20 prices, each once, in the currency that was asked for. */
function checkPrices(prices: readonly StripePrice[], currency: string | undefined): void {
  if (prices.length > mostItems) {
    throw invalid(`A subscription can have at most ${mostItems} items.`, 'items')
  }
  for (const [index, price] of prices.entries()) {
    const param = `items[${index}][price]`
    if (currency !== undefined) expectCurrency(price, currency.toLowerCase(), param)
    if (prices.indexOf(price) !== index) {
      throw invalid(
        `Cannot add multiple subscription items with the same price: \`${price.id}\``,
        param,
      )
    }
  }
}

function incomplete(): StripeFailure {
  return new StripeFailure(402, 'Your card was declined.', {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
  })
}

function anchorOf(
  now: number,
  trialEnd: number | null,
  { billingCycleAnchor: given }: SubscriptionInput,
  prices: readonly StripePrice[],
): number {
  if (given === undefined) return trialEnd ?? now
  if (given <= now)
    throw invalid('billing_cycle_anchor must be in the future.', 'billing_cycle_anchor')
  for (const price of trialEnd === null ? prices : []) {
    const next = periodEnd(now, now, price)
    if (given <= next) continue
    throw invalid(
      `billing_cycle_anchor cannot be later than next natural billing date (${next}) for plan`,
      'billing_cycle_anchor',
    )
  }
  return given
}
