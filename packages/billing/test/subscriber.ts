import { Stripe } from 'stripe'
import { makePrice } from './price.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'

/** A reference with a customer that has a card, and may subscribe more than once. */
export interface Subscribed extends AsyncDisposable {
  readonly stage: Stage<undefined>
  readonly price: string
  readonly otherPrice: string
  /** Makes a customer with a card for a reference. @default 'office-1', which there is already */
  customer(reference: string): Promise<string>
  subscribe(change?: Partial<Stripe.SubscriptionCreateParams>): Promise<Stripe.Subscription>
  /** Gives a customer another card. @default that of 'office-1' */
  useCard(token: string, of?: string): Promise<void>
}

export const reference = 'office-1'

export async function openSubscribed(options: StageOptions<undefined> = {}): Promise<Subscribed> {
  const stage = await openStage(options)
  const { billing, server, store } = stage
  // What is there before a test does not go through what it tests, nor through the proxy: there are hundreds of it.
  const { host, port, secretKey } = server
  const stripe = new Stripe(secretKey, { host, port, protocol: 'http' })
  const makeCustomer = async (of: string): Promise<string> => {
    const known = await store.findCustomer(of)
    if (known?.customerId !== undefined) return known.customerId
    const card = 'pm_card_visa'
    const { id } = await stripe.customers.create({
      email: 'a@example.jp',
      payment_method: card,
      invoice_settings: { default_payment_method: card },
      metadata: { yuzuru_reference: of },
    })
    return await store.settleCustomer(of, id)
  }
  const customer = await makeCustomer(reference)
  const { id: price } = await makePrice({ client: stripe })
  const { id: otherPrice } = await makePrice({ client: stripe }, 4_980)
  return {
    stage,
    price,
    otherPrice,
    customer: makeCustomer,
    subscribe: (change) => stripe.subscriptions.create({ customer, items: [{ price }], ...change }),
    async useCard(token, of = customer) {
      const { id: card } = await billing.client.paymentMethods.attach(token, { customer: of })
      const settings = { default_payment_method: card }
      await billing.client.customers.update(of, { invoice_settings: settings })
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}
