import assert from 'node:assert/strict'
import type { Stripe } from 'stripe'

/** What a scenario is given: a client of the sandbox or of Stripe's test mode. */
export interface Ground {
  readonly stripe: Stripe
  /** A customer on a test clock of its own, with a card. */
  readonly customer: (card: string) => Promise<Stripe.Customer>
  /** A recurring price. */
  readonly price: (amount: number) => Promise<string>
  /** Moves the customer's clock, and waits until that is done. */
  readonly advance: (customer: Stripe.Customer, days: number) => Promise<void>
}

/** One story that has to end in the same way on both. */
export interface Scenario {
  readonly name: string
  readonly run: (ground: Ground) => Promise<void>
}

const at = (made: Stripe.Subscription): Stripe.SubscriptionItem => {
  const [item] = made.items.data
  assert.ok(item)
  return item
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'a first payment makes the subscription active',
    async run({ customer, price, stripe }) {
      const { id } = await customer('pm_card_visa')
      const made = await stripe.subscriptions.create({
        customer: id,
        expand: ['latest_invoice'],
        items: [{ price: await price(1980) }],
      })
      assert.equal(made.status, 'active')
      assert.equal(made.billing_mode.type, 'flexible')
      const invoice = made.latest_invoice as Stripe.Invoice
      assert.deepEqual(
        [invoice.status, invoice.amount_paid, invoice.billing_reason],
        ['paid', 1980, 'subscription_create'],
      )
    },
  },
  {
    name: 'a card that fails leaves it incomplete, and paying the invoice makes it active',
    async run({ customer, price, stripe }) {
      const { id } = await customer('pm_card_chargeCustomerFail')
      const made = await stripe.subscriptions.create({
        customer: id,
        items: [{ price: await price(1980) }],
      })
      assert.equal(made.status, 'incomplete')
      const good = await stripe.paymentMethods.attach('pm_card_visa', { customer: id })
      await stripe.invoices.pay(made.latest_invoice as string, { payment_method: good.id })
      assert.equal((await stripe.subscriptions.retrieve(made.id)).status, 'active')
    },
  },
  {
    name: 'a customer without a card is refused',
    async run({ price, stripe }) {
      const { id } = await stripe.customers.create()
      const call = stripe.subscriptions.create({
        customer: id,
        items: [{ price: await price(1980) }],
      })
      await assert.rejects(call, { code: 'resource_missing', statusCode: 400 })
    },
  },
  {
    name: 'a trial costs nothing, then the period',
    async run({ advance, customer, price, stripe }) {
      const owner = await customer('pm_card_visa')
      const made = await stripe.subscriptions.create({
        customer: owner.id,
        items: [{ price: await price(1980) }],
        trial_period_days: 10,
      })
      assert.equal(made.status, 'trialing')
      await advance(owner, 11)
      const after = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
      const invoice = after.latest_invoice as Stripe.Invoice
      assert.deepEqual(
        [after.status, invoice.status, invoice.amount_paid],
        ['active', 'paid', 1980],
      )
    },
  },
  {
    name: 'a renewal that fails is past due, and tried again',
    async run({ advance, customer, price, stripe }) {
      const owner = await customer('pm_card_visa')
      const made = await stripe.subscriptions.create({
        customer: owner.id,
        items: [{ price: await price(1980) }],
      })
      const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
        customer: owner.id,
      })
      await stripe.subscriptions.update(made.id, { default_payment_method: bad.id })
      await advance(owner, 32)
      const after = await stripe.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
      const invoice = after.latest_invoice as Stripe.Invoice
      assert.deepEqual(
        [after.status, invoice.status, invoice.attempted],
        ['past_due', 'open', true],
      )
    },
  },
  {
    name: 'a plan changed in the middle of a period is prorated',
    async run({ customer, price, stripe }) {
      const { id } = await customer('pm_card_visa')
      const made = await stripe.subscriptions.create({
        customer: id,
        items: [{ price: await price(1000) }],
      })
      const item = at(made)
      const middle = Math.floor((item.current_period_start + item.current_period_end) / 2)
      const preview = await stripe.invoices.createPreview({
        subscription: made.id,
        subscription_details: {
          items: [{ id: item.id, price: await price(3000) }],
          proration_behavior: 'always_invoice',
          proration_date: middle,
        },
      })
      assert.deepEqual(
        preview.lines.data.map(({ amount }) => amount).toSorted((a, b) => a - b),
        [-500, 1500],
      )
      assert.equal(preview.amount_due, 1000)
    },
  },
  {
    name: 'a planned end is a date, whichever way it is planned',
    async run({ customer, price, stripe }) {
      const { id } = await customer('pm_card_visa')
      const made = await stripe.subscriptions.create({
        customer: id,
        items: [{ price: await price(1980) }],
      })
      const end = at(made).current_period_end
      const atEnd = await stripe.subscriptions.update(made.id, { cancel_at_period_end: true })
      assert.deepEqual([atEnd.cancel_at, atEnd.cancel_at_period_end], [end, true])
      await stripe.subscriptions.update(made.id, { cancel_at_period_end: false })
      const byDate = await stripe.subscriptions.update(made.id, { cancel_at: 'max_period_end' })
      assert.deepEqual([byDate.cancel_at, byDate.cancel_at_period_end], [end, false])
    },
  },
]
