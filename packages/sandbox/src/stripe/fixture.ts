import { Stripe } from 'stripe'

import { startStripe, type StripeOptions, type StripeServer } from './server.ts'

/** For the tests: a server, and the real client with its own retries off. */
export interface OpenStripe extends AsyncDisposable {
  readonly server: StripeServer
  readonly stripe: Stripe
}

export async function openStripe(options: StripeOptions = {}): Promise<OpenStripe> {
  const server = await startStripe(options)
  const stripe = clientFor(server, server.secretKey)
  return { server, stripe, [Symbol.asyncDispose]: () => server.close() }
}

export function clientFor({ host, port }: StripeServer, key: string): Stripe {
  return new Stripe(key, { host, port, protocol: 'http', maxNetworkRetries: 0 })
}

/** A monthly price of ¥1,980. */
export async function monthlyPrice(stripe: Stripe): Promise<string> {
  const price = await stripe.prices.create({
    currency: 'jpy',
    product_data: { name: '支援プラン' },
    recurring: { interval: 'month' },
    unit_amount: 1980,
  })
  return price.id
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
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status?: number; type?: string; code?: string; param?: string; message?: string }> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (!(error instanceof Stripe.errors.StripeError)) return { message: String(error) }
  const { statusCode: status, rawType: type, code, param, message } = error
  return {
    message,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  }
}
