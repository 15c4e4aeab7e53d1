import type { Json, JsonObject } from '../../json.ts'
import { invalid } from '../api/error.ts'
import { applyMetadata, type MetadataChange } from '../api/metadata.ts'
import { chosenDiscounts, type DiscountInput } from '../catalog/discounts.ts'
import { createPrice, type PriceInput } from '../catalog/prices.ts'
import { newId } from '../core/id.ts'
import type { StripeCheckoutSession, StripePrice } from '../core/objects.ts'
import { find, nowOf, type StripeService } from '../core/service.ts'
import type { CheckoutLine } from '../core/state.ts'
import { expectCurrency, findPrice } from '../subscriptions/item.ts'
import { checkTrialEnd } from '../subscriptions/trial.ts'
import { amountsOf } from './lines.ts'
import { checkTaxId, type CustomerUpdate } from './tax-id.ts'

export interface CheckoutInput {
  readonly mode: 'payment' | 'setup' | 'subscription'
  readonly success_url: string
  readonly allow_promotion_codes?: boolean
  readonly billing_address_collection?: 'auto' | 'required'
  readonly cancel_url?: string
  readonly client_reference_id?: string
  readonly currency?: string
  readonly custom_text?: Json
  readonly customer?: string
  readonly customer_creation?: 'always' | 'if_required'
  readonly customer_email?: string
  readonly customer_update?: CustomerUpdate
  readonly discounts?: readonly DiscountInput[]
  readonly expires_at?: number
  readonly line_items?: readonly {
    readonly price?: string
    readonly price_data?: PriceInput
    readonly quantity?: number
  }[]
  readonly locale?: string
  readonly metadata?: MetadataChange
  readonly payment_intent_data?: {
    readonly metadata?: MetadataChange
    readonly description?: string
  }
  readonly payment_method_collection?: 'always' | 'if_required'
  readonly setup_intent_data?: unknown
  readonly phone_number_collection?: { readonly enabled: boolean }
  readonly submit_type?: string
  readonly subscription_data?: {
    readonly metadata?: MetadataChange
    readonly trial_end?: number
    readonly trial_period_days?: number
    readonly [name: string]: unknown
  }
  readonly tax_id_collection?: { readonly enabled: boolean }
}

/** Opens a session. Everything is checked before anything is stored. */
export function createCheckoutSession(
  service: StripeService,
  input: CheckoutInput,
): StripeCheckoutSession {
  // A price in words is made with the session, or not at all.
  if (input.line_items?.some((line) => line.price_data)) open(service.rehearsal(), input)
  return open(service, input)
}

function open(service: StripeService, input: CheckoutInput): StripeCheckoutSession {
  const { state } = service
  const now = nowOf(service, input.customer ?? null)
  check(service, input, now)
  const discounts = chosenDiscounts(service, input.discounts ?? [], input.customer ?? null)
  const lines = (input.line_items ?? []).map((line, index) => toLine(service, input, line, index))
  const prices = lines.map((line) => find(state.prices, 'price', line.price, 'line_items'))
  const [first] = prices
  if (new Set(prices.map((price) => price.currency)).size > 1) {
    throw invalid('All line items must use the same currency.', 'line_items')
  }
  const { off, subtotal, total } = amountsOf(state, { discounts, lines })
  const trial = input.subscription_data?.trial_end ?? input.subscription_data?.trial_period_days
  const isLater = trial !== undefined
  const isSetup = input.mode === 'setup'
  const id = newId('cs_test', 58)
  const session: StripeCheckoutSession = {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: input.allow_promotion_codes ?? null,
    allowed_payment_method_types: null,
    amount_subtotal: isSetup ? null : isLater ? 0 : subtotal,
    amount_total: isSetup ? null : isLater ? 0 : total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: input.billing_address_collection ?? null,
    cancel_url: input.cancel_url ?? null,
    client_reference_id: input.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: now,
    currency: first?.currency ?? input.currency ?? null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
      ...(input.custom_text as JsonObject | undefined),
    },
    customer: input.customer ?? null,
    customer_account: null,
    customer_creation:
      input.customer === undefined
        ? (input.customer_creation ?? (input.mode === 'subscription' ? 'always' : 'if_required'))
        : null,
    customer_details: null,
    customer_email: input.customer_email ?? null,
    discounts: discounts.map(({ coupon, promotionCode }) => ({
      coupon: promotionCode === null ? coupon : null,
      promotion_code: promotionCode,
    })),
    expires_at: input.expires_at ?? now + 86_400,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: input.locale ?? null,
    managed_payments: { enabled: false },
    metadata: applyMetadata({}, input.metadata),
    mode: input.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection:
      input.mode === 'subscription' ? (input.payment_method_collection ?? 'always') : 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: isSetup ? 'no_payment_required' : 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: input.phone_number_collection?.enabled ?? false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: input.submit_type ?? null,
    subscription: null,
    success_url: input.success_url,
    tax_id_collection: { enabled: input.tax_id_collection?.enabled ?? false, required: 'never' },
    total_details: { amount_discount: isLater ? 0 : off, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${service.url}/c/pay/${id}`,
    wallet_options: null,
  }
  const { metadata, ...subscriptionData } = input.subscription_data ?? {}
  state.sessions[id] = session
  state.plans[id] = {
    discounts,
    lines,
    subscriptionData: subscriptionData as JsonObject,
    subscriptionMetadata: applyMetadata(
      {},
      input.mode === 'payment' ? input.payment_intent_data?.metadata : metadata,
    ),
  }
  return session
}

function check(service: StripeService, input: CheckoutInput, now: number): void {
  for (const name of ['success_url', 'cancel_url'] as const) {
    const url = input[name]
    if (url !== undefined && !/^https?:\/\/[^\s/]/.test(url)) {
      throw invalid('Not a valid URL', name, 'url_invalid')
    }
  }
  if (input.customer !== undefined) {
    find(service.state.customers, 'customer', input.customer, 'customer')
    if (input.customer_email !== undefined) {
      throw invalid('You may only specify one of these parameters: customer, customer_email.')
    }
  }
  if (input.discounts && input.allow_promotion_codes !== undefined) {
    throw invalid('You may only specify one of these parameters: allow_promotion_codes, discounts.')
  }
  if (input.mode !== 'setup' && !input.line_items?.length) {
    throw invalid('Missing required param: line_items.', 'line_items', 'parameter_missing')
  }
  if (input.mode !== 'subscription' && input.payment_method_collection !== undefined) {
    throw invalid(
      'You can only set `payment_method_collection` in `subscription` mode.',
      'payment_method_collection',
    )
  }
  checkMode(input)
  checkTrial(input, now)
  const { expires_at: expiresAt = now + 3600 } = input
  if (expiresAt < now + 1800 || expiresAt > now + 86_400) {
    throw invalid(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    )
  }
}

/** What a mode takes that no other does. */
const MODE_OF = {
  payment_intent_data: 'payment',
  setup_intent_data: 'setup',
  subscription_data: 'subscription',
} as const

/** Source: https://docs.stripe.com/api/checkout/sessions/create */
function checkMode(input: CheckoutInput): void {
  const { mode } = input
  for (const [name, own] of Object.entries(MODE_OF)) {
    if (input[name as keyof typeof MODE_OF] === undefined || mode === own) continue
    throw invalid(`You can not pass \`${name}\` in \`${mode}\` mode.`, name)
  }
  if (mode === 'setup' && input.line_items) {
    throw invalid('You can not pass `line_items` in `setup` mode.', 'line_items')
  }
  if (input.customer_creation !== undefined && mode !== 'payment') {
    throw invalid('`customer_creation` can only be used in `payment` mode.', 'customer_creation')
  }
  if (input.customer_update !== undefined && input.customer === undefined) {
    throw invalid('`customer_update` can only be used with `customer`.', 'customer_update')
  }
  checkTaxId(input)
  const most = mode === 'subscription' ? 20 : 100
  if ((input.line_items?.length ?? 0) > most) {
    throw invalid(`A Checkout Session can have at most ${most} line items.`, 'line_items')
  }
}

/** Source: https://docs.stripe.com/payments/checkout/free-trials */
function checkTrial({ subscription_data: data }: CheckoutInput, now: number): void {
  const { trial_end: trialEnd, trial_period_days: days } = data ?? {}
  if (trialEnd !== undefined && days !== undefined) {
    throw invalid('You may only specify one of these parameters: trial_end, trial_period_days.')
  }
  if (trialEnd === undefined) return
  if (trialEnd < now + 2 * 86_400) {
    throw invalid(
      'The `trial_end` date has to be at least 2 days in the future.',
      'subscription_data[trial_end]',
    )
  }
  checkTrialEnd(now, trialEnd, 'subscription_data[trial_end]')
}

function toLine(
  service: StripeService,
  input: CheckoutInput,
  line: NonNullable<CheckoutInput['line_items']>[number],
  index: number,
): CheckoutLine {
  const param = `line_items[${index}]`
  if ((line.price === undefined) === (line.price_data === undefined)) {
    throw invalid(
      `Exactly one of price and price_data must be given in ${param}.`,
      `${param}[price]`,
    )
  }
  const price = line.price_data
    ? createPrice(service, line.price_data)
    : find(service.state.prices, 'price', line.price ?? '', `${param}[price]`)
  if (!price.active) throw invalid('The price specified is inactive.', `${param}[price]`)
  if (input.currency !== undefined) {
    expectCurrency(price, input.currency.toLowerCase(), `${param}[price]`)
  }
  checkQuantity(price, line.quantity, param)
  if (input.mode === 'subscription') {
    if (price.type !== 'recurring') {
      throw invalid(
        'One-time prices in `subscription` mode are not known to the sandbox.',
        `${param}[price]`,
      )
    }
    findPrice(service, price.id, `${param}[price]`)
    const currency = service.state.customers[input.customer ?? '']?.currency ?? price.currency
    expectCurrency(price, currency, `${param}[price]`)
  } else if (price.type === 'recurring') {
    throw invalid('You must use `subscription` mode for recurring prices.', 'mode')
  }
  return { id: newId('li'), price: price.id, quantity: line.quantity ?? 0 }
}

/** Source: https://docs.stripe.com/api/checkout/sessions/create ("should not be defined when … metered") */
function checkQuantity(price: StripePrice, quantity: number | undefined, line: string): void {
  const isMetered = price.recurring?.usage_type === 'metered'
  if (isMetered && quantity !== undefined) {
    throw invalid(
      `Quantity should not be specified where usage_type is \`metered\`. Remove \`quantity\` from \`${line}\``,
      `${line}[quantity]`,
    )
  }
  if (isMetered || quantity !== undefined) return
  throw invalid(`Quantity is required. Add \`quantity\` to \`${line}\``, `${line}[quantity]`)
}
