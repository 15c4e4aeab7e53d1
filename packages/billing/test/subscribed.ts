import type { Stripe } from 'stripe'
import type { Billing } from '../src/billing.ts'
import type { BillingStore } from '../src/stores/billing-store.ts'
import { signWebhook } from '../src/testing/sign-webhook.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'

type EventOf = ReturnType<Stage<undefined>['server']['events']>[number]

/** A stage with a customer that has a card. */
export interface Subscribed<Tx = undefined> {
  readonly stage: Stage<Tx>
  readonly customer: string
  readonly price: string
  subscribe(change?: Partial<Stripe.SubscriptionCreateParams>): Promise<Stripe.Subscription>
  /** All that Stripe has to say so far, the oldest first. */
  events(): readonly EventOf[]
  /** Hands an event to `billing.webhook`, signed. */
  deliver(event: object, billing?: Billing<Tx>): Promise<Response>
}

export const reference = 'office-1'

export async function openSubscribed(
  options?: StageOptions<undefined>,
): Promise<Subscribed & AsyncDisposable>
export async function openSubscribed<Tx>(
  options: StageOptions<Tx> & { readonly store: BillingStore<Tx> },
): Promise<Subscribed<Tx> & AsyncDisposable>
export async function openSubscribed(
  options: StageOptions<undefined> = {},
): Promise<Subscribed & AsyncDisposable> {
  const stage = await openStage(options)
  const { server, billing } = stage
  const { client: stripe } = billing
  const email = 'hanako@example.jp'
  const { customerId: customer } = await billing.ensureCustomer({ reference, email })
  const { id: price } = await stripe.prices.create({
    currency: 'jpy',
    product_data: { name: '支援プラン' },
    recurring: { interval: 'month' },
    unit_amount: 1_980,
  })
  const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
  return {
    stage,
    customer,
    price,
    subscribe: (change) => stripe.subscriptions.create({ customer, items: [{ price }], ...change }),
    events: () => server.events().toSorted((a, b) => a.created - b.created),
    deliver(event, to = billing) {
      const now = options.now?.() ?? Date.now()
      const { body, signature } = signWebhook(JSON.stringify(event), server.webhookSecret, now)
      const headers = { 'stripe-signature': signature }
      return to.webhook(
        new Request('https://app.example.jp/webhooks/stripe', { method: 'POST', body, headers }),
      )
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}
