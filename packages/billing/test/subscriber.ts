import type { Stripe } from 'stripe'
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
  /** Gives the customer another card. */
  useCard(token: string): Promise<void>
}

export const reference = 'office-1'

export async function openSubscribed(options: StageOptions<undefined> = {}): Promise<Subscribed> {
  const stage = await openStage(options)
  const { billing } = stage
  const { client: stripe } = billing
  const useCard = async (customer: string, token: string): Promise<void> => {
    const { id: card } = await stripe.paymentMethods.attach(token, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
  }
  const makeCustomer = async (of: string): Promise<string> => {
    const { customerId } = await billing.ensureCustomer({ reference: of, email: 'a@example.jp' })
    await useCard(customerId, 'pm_card_visa')
    return customerId
  }
  const customer = await makeCustomer(reference)
  const { id: price } = await makePrice(billing)
  const { id: otherPrice } = await makePrice(billing, 4_980)
  return {
    stage,
    price,
    otherPrice,
    customer: makeCustomer,
    subscribe: (change) => stripe.subscriptions.create({ customer, items: [{ price }], ...change }),
    useCard: (token) => useCard(customer, token),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}
