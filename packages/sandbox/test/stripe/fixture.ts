import assert from 'node:assert/strict'
import { Stripe } from 'stripe'

import { startStripe, type StripeOptions, type StripeServer } from '../../src/index.ts'
import { problemsOf } from './object-check.ts'

/** A server, and the real client with its own retries off. */
export interface OpenStripe extends AsyncDisposable {
  readonly server: StripeServer
  readonly stripe: Stripe
}

/** When it ends, every object that an event showed is held against Stripe's fixtures and types. */
export async function openStripe(options: StripeOptions = {}): Promise<OpenStripe> {
  const server = await startStripe(options)
  const stripe = clientFor(server, server.secretKey)
  return {
    server,
    stripe,
    async [Symbol.asyncDispose]() {
      await server.close()
      const problems = server.events().flatMap(({ data }) => problemsOf(data.object))
      assert.deepEqual([...new Set(problems)], [])
    },
  }
}

/** A clock that the test moves. */
export interface OpenStripeAtTime extends OpenStripe {
  /** Moves the clock by days (or parts of one), and does what became due. */
  pass(days: number): Promise<void>
  /** Moves the clock to a moment, and does what became due. */
  moveTo(iso: string): Promise<void>
  /** Seconds since 1970. */
  now(): number
}

export async function openStripeAt(
  iso: string,
  options: StripeOptions = {},
): Promise<OpenStripeAtTime> {
  let now = Date.parse(iso)
  const open = await openStripe({ ...options, now: () => now })
  const moveTo = async (moment: number): Promise<void> => {
    now = moment
    await open.server.settle()
  }
  return {
    ...open,
    now: () => Math.floor(now / 1000),
    moveTo: (moment) => moveTo(Date.parse(moment)),
    pass: (days) => moveTo(now + days * 86_400_000),
  }
}

export function clientFor({ host, port }: StripeServer, key: string): Stripe {
  return new Stripe(key, { host, port, protocol: 'http', maxNetworkRetries: 0 })
}

/** A monthly price of ¥1,980, or of another amount or rhythm. */
export async function monthlyPrice(
  stripe: Stripe,
  change: Partial<Stripe.PriceCreateParams> = {},
): Promise<string> {
  const price = await stripe.prices.create({
    currency: 'jpy',
    product_data: { name: '支援プラン' },
    recurring: { interval: 'month' },
    unit_amount: 1980,
    ...change,
  })
  return price.id
}

/** A customer with a card as its default. */
export async function customerWith(
  stripe: Stripe,
  card = 'pm_card_visa',
  change: Stripe.CustomerCreateParams = {},
): Promise<Stripe.Customer> {
  return stripe.customers.create({
    email: 'hana@example.com',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    ...change,
  })
}

/** A subscription of a customer with a good card, with what the test changes. */
export async function subscribe(
  stripe: Stripe,
  change: Partial<Stripe.SubscriptionCreateParams> = {},
  card = 'pm_card_visa',
): Promise<Stripe.Subscription> {
  const customer = change.customer ?? (await customerWith(stripe, card)).id
  const items = change.items ?? [{ price: await monthlyPrice(stripe) }]
  return stripe.subscriptions.create({ ...change, customer, items })
}

/** Opens a checkout session for a subscription, with what the test changes. */
export async function openCheckout(
  stripe: Stripe,
  change: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Promise<Stripe.Checkout.Session> {
  return stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: await monthlyPrice(stripe), quantity: 1 }],
    success_url: 'http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:1/back',
    ...change,
  })
}

/** What a call was refused with. */
export interface Refusal {
  readonly status?: number
  readonly type?: string
  readonly code?: string
  readonly decline?: string
  readonly param?: string
  readonly message?: string
}

export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (!(error instanceof Stripe.errors.StripeError)) return { message: String(error) }
  const { statusCode: status, rawType: type, code, decline_code: decline, param, message } = error
  return {
    message,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(decline ? { decline } : {}),
    ...(param === undefined ? {} : { param }),
  }
}

/** Seconds since 1970 of a day in UTC. */
export function seconds(iso: string): number {
  return Date.parse(iso) / 1000
}
