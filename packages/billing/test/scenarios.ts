import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Billing } from '../src/billing.ts'
import { signWebhook } from '../src/testing/sign-webhook.ts'

/** What a scenario is given: a billing on the sandbox's Stripe, or on Stripe's test mode. */
export interface Ground {
  readonly billing: Billing
  readonly webhookSecret: string
  /** One that nothing is known of. */
  readonly reference: string
  /** A recurring price. */
  readonly price: (amount: number) => Promise<string>
}

/** One story that has to end in the same way on both. */
export interface Scenario {
  readonly name: string
  readonly run: (ground: Ground) => Promise<void>
}

const successUrl = 'https://app.example.jp/billing?session={CHECKOUT_SESSION_ID}'
const email = 'hanako@example.jp'

export const scenarios: readonly Scenario[] = [
  {
    name: 'a reference has one customer, whoever asks at once',
    async run({ billing, reference }) {
      const calls = Array.from({ length: 5 }, () => billing.ensureCustomer({ reference, email }))
      const ids = new Set((await Promise.all(calls)).map(({ customerId }) => customerId))
      assert.equal(ids.size, 1)
    },
  },
  {
    name: 'a reference has one page, and one for something else expires it',
    async run({ billing, price, reference }) {
      const input = { price: await price(1980), customer: { email }, successUrl }
      const pages = await Promise.all([1, 2, 3].map(() => billing.checkout(reference, input)))
      const [first] = pages
      assert.equal(new Set(pages.map(({ sessionId }) => sessionId)).size, 1)
      const other = await billing.checkout(reference, { ...input, locale: 'ja' })
      assert.notEqual(other.sessionId, first?.sessionId)
      const { sessions } = billing.client.checkout
      assert.equal((await sessions.retrieve(first?.sessionId ?? '')).status, 'expired')
      assert.equal((await sessions.retrieve(other.sessionId)).status, 'open')
    },
  },
  {
    name: 'a status is what Stripe says: paid for, to end, taken back, ended',
    async run(ground) {
      const { billing, reference, price } = ground
      await subscribe(ground, 'pm_card_visa')
      assert.equal((await billing.sync(reference)).status, 'active')
      const input = { price: await price(1980), successUrl }
      await assert.rejects(billing.checkout(reference, input), { code: 'already_subscribed' })
      const { endsAt } = await billing.cancel(reference)
      assert.ok(endsAt)
      assert.deepEqual((await billing.status(reference)).endsAt, endsAt)
      assert.equal((await billing.status(reference)).status, 'canceling')
      await billing.resume(reference)
      assert.equal((await billing.status(reference)).status, 'active')
      await billing.cancel(reference, { at: 'now' })
      assert.equal((await billing.status(reference)).status, 'canceled')
      assert.equal((await billing.sync(reference)).canUse(), false)
    },
  },
  {
    name: 'a change of plan costs what was previewed',
    async run(ground) {
      const { billing, reference } = ground
      await subscribe(ground, 'pm_card_visa')
      const change = { price: await ground.price(4980), proration: 'always_invoice' } as const
      const { amountDue, prorationDate } = await billing.previewPlan(reference, change)
      await billing.changePlan(reference, { ...change, prorationDate })
      const [newest] = await Array.fromAsync(billing.invoices(reference))
      assert.equal(newest?.native.amount_due, amountDue)
    },
  },
  {
    name: 'a first payment that failed is made up for with another card',
    async run(ground) {
      const { billing, reference } = ground
      const customer = await subscribe(ground, 'pm_card_chargeCustomerFail')
      assert.equal((await billing.sync(reference)).status, 'incomplete')
      await giveCard(billing, customer, 'pm_card_visa')
      await billing.retryPayment(reference)
      assert.equal((await billing.status(reference)).status, 'active')
    },
  },
  {
    name: 'an event of Stripe’s is taken for what it is about',
    async run(ground) {
      const { billing, reference, webhookSecret } = ground
      const customer = await subscribe(ground, 'pm_card_visa')
      const event = await eventOf(billing, customer)
      const { body, signature } = signWebhook(JSON.stringify(event), webhookSecret)
      const answer = await billing.webhook(
        new Request('https://app.example.jp/webhooks/stripe', {
          method: 'POST',
          body,
          headers: { 'stripe-signature': signature },
        }),
      )
      assert.equal(answer.status, 200)
      assert.equal((await billing.status(reference)).status, 'active')
    },
  },
  {
    name: 'a customer that was deleted in the dashboard is replaced',
    async run({ billing, price, reference }) {
      const { customerId } = await billing.ensureCustomer({ reference, email })
      await billing.client.customers.del(customerId)
      const input = { price: await price(1980), customer: { email }, successUrl }
      await billing.checkout(reference, input)
      assert.notEqual((await billing.ensureCustomer({ reference, email })).customerId, customerId)
    },
  },
]

/** @returns its customer */
async function subscribe({ billing, reference, price }: Ground, card: string): Promise<string> {
  const { customerId: customer } = await billing.ensureCustomer({ reference, email })
  await giveCard(billing, customer, card)
  const items = [{ price: await price(1980) }]
  await billing.client.subscriptions.create({ customer, items })
  return customer
}

async function giveCard({ client }: Billing, customer: string, token: string): Promise<void> {
  const { id: card } = await client.paymentMethods.attach(token, { customer })
  await client.customers.update(customer, { invoice_settings: { default_payment_method: card } })
}

/** Stripe shows an event a moment after what it is about. */
async function eventOf({ client }: Billing, customer: string): Promise<object> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const { data } = await client.events.list({ type: 'customer.subscription.created' })
    const event = data.find((one) => {
      const { object } = one.data as { object: { customer?: unknown } }
      return object.customer === customer
    })
    if (event !== undefined) return event
    await delay(500)
  }
  throw new assert.AssertionError({ message: 'Expected an event of the subscription' })
}
