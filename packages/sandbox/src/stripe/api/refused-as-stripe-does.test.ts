import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import {
  customerWith,
  monthlyPrice,
  openCheckout,
  openStripeAt,
  type OpenStripeAtTime,
  type Refusal,
  refusal,
  subscribe,
} from '../../../test/stripe/fixture.ts'
import { declarationsIn, unionOf } from '../../../test/stripe/declared-types.ts'
import { eventTypes } from '../events/event-types.ts'
import { checkoutLocales, portalLocales } from './locales.ts'

/** A customer who pays ¥1,980 a month, and what a refused call may name. */
interface World extends OpenStripeAtTime {
  /** Seconds since 1970. */
  readonly today: number
  readonly customer: string
  readonly subscription: Stripe.Subscription
  readonly item: string
  readonly price: string
  readonly dollars: string
  readonly metered: string
  readonly charge: string
  readonly invoice: string
}

async function openWorld(): Promise<World> {
  const open = await openStripeAt('2026-06-01T00:00:00Z')
  const { stripe } = open
  const subscription = await subscribe(stripe)
  const meter = await stripe.billing.meters.create({
    default_aggregation: { formula: 'sum' },
    display_name: 'calls',
    event_name: 'calls',
  })
  const recurring = { interval: 'month', meter: meter.id, usage_type: 'metered' } as const
  const [charge] = (await stripe.charges.list()).data
  await open.pass(10)
  return {
    ...open,
    today: open.now(),
    customer: subscription.customer as string,
    subscription,
    item: subscription.items.data[0]?.id ?? '',
    price: subscription.items.data[0]?.price.id ?? '',
    dollars: await monthlyPrice(stripe, { currency: 'usd' }),
    metered: await monthlyPrice(stripe, { recurring }),
    charge: charge?.id ?? '',
    invoice: subscription.latest_invoice as string,
  }
}

type Case = readonly [
  name: string,
  call: (world: World) => Promise<unknown>,
  refused: Refusal | RegExp,
]

const update =
  (change: (world: World) => Stripe.SubscriptionUpdateParams) =>
  async (world: World): Promise<unknown> =>
    world.stripe.subscriptions.update(world.subscription.id, change(world))

const create =
  (change: (world: World) => Partial<Stripe.SubscriptionCreateParams>) =>
  async (world: World): Promise<unknown> =>
    world.stripe.subscriptions.create({
      customer: world.customer,
      items: [{ price: world.price }],
      ...change(world),
    })

const checkout =
  (change: (world: World) => Partial<Stripe.Checkout.SessionCreateParams>) =>
  async (world: World): Promise<unknown> =>
    openCheckout(world.stripe, {
      line_items: [{ price: world.price, quantity: 1 }],
      ...change(world),
    })

const day = 86_400

function matching(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string
}

const subscriptions: readonly Case[] = [
  [
    'a trial that ends in the past',
    update(({ today }) => ({ trial_end: today - 1 })),
    { param: 'trial_end' },
  ],
  [
    'a trial of more than 730 days',
    create(({ today }) => ({ trial_end: today + 731 * day })),
    { param: 'trial_end' },
  ],
  [
    'two trials',
    create(({ today }) => ({ trial_end: today + day, trial_period_days: 3 })),
    /^You may only specify one of these parameters: trial_end, trial_period_days\.$/,
  ],
  [
    'two ends',
    update(({ today }) => ({ cancel_at: today + day, cancel_at_period_end: true })),
    /^You may only specify one of these parameters: cancel_at, cancel_at_period_end\.$/,
  ],
  ['an end in the past', update(({ today }) => ({ cancel_at: today - 1 })), { param: 'cancel_at' }],
  [
    'a pause that ends in the past',
    update(({ today }) => ({ pause_collection: { behavior: 'void', resumes_at: today - 1 } })),
    { param: 'pause_collection[resumes_at]' },
  ],
  [
    'a pause of no known kind',
    update(() => ({ pause_collection: { behavior: 'hide' as 'void' } })),
    {
      param: 'pause_collection[behavior]',
      message:
        'Invalid pause_collection[behavior]: must be one of keep_as_draft, mark_uncollectible, void',
    },
  ],
  [
    'a quantity that is not whole',
    update(({ item }) => ({ items: [{ id: item, quantity: 1.5 }] })),
    {
      code: 'parameter_invalid_integer',
      param: 'items[0][quantity]',
      message: 'Invalid integer: 1.5',
    },
  ],
  [
    'a quantity below nothing',
    update(({ item }) => ({ items: [{ id: item, quantity: -1 }] })),
    { code: 'parameter_invalid_integer', param: 'items[0][quantity]' },
  ],
  [
    'a quantity of what is billed by usage',
    create(({ metered }) => ({ items: [{ price: metered, quantity: 1 }] })),
    { param: 'items' },
  ],
  [
    'days until something is due that is charged at once',
    create(() => ({ days_until_due: 30 })),
    { param: 'days_until_due' },
  ],
  [
    'an anchor after the next period',
    create(({ today }) => ({ billing_cycle_anchor: today + 32 * day })),
    { param: 'billing_cycle_anchor' },
  ],
  [
    'a price twice',
    create(({ price }) => ({ items: [{ price }, { price }] })),
    { param: 'items[1][price]' },
  ],
  [
    'another currency than that of the price',
    create(() => ({ currency: 'usd' })),
    {
      param: 'items[0][price]',
      message:
        "The price specified only supports `jpy`. This doesn't match the expected currency: `usd`.",
    },
  ],
  [
    'a price in another currency than the customer pays',
    create(({ dollars }) => ({ items: [{ price: dollars }] })),
    /^You cannot combine currencies on a single customer\./,
  ],
  [
    'the id of a product for a price',
    create(() => ({ items: [{ price: 'prod_none' }] })),
    { code: 'resource_missing', param: 'items[0][price]', message: "No such price: 'prod_none'" },
  ],
  [
    'the item of another subscription',
    async ({ stripe, subscription }) => {
      const { items } = await subscribe(stripe)
      return stripe.subscriptions.update(subscription.id, {
        items: [{ id: items.data[0]?.id ?? '', quantity: 2 }],
      })
    },
    { code: 'resource_missing', param: 'items[0][id]' },
  ],
  [
    'the card of another customer',
    async ({ stripe, subscription }) => {
      const { invoice_settings: settings } = await customerWith(stripe)
      return stripe.subscriptions.update(subscription.id, {
        default_payment_method: settings.default_payment_method as string,
      })
    },
    { code: 'resource_missing', param: 'default_payment_method' },
  ],
  [
    'anything of one that has ended',
    async ({ stripe, subscription: { id } }) => {
      await stripe.subscriptions.cancel(id)
      return stripe.subscriptions.update(id, { cancel_at_period_end: true })
    },
    {
      message: 'A canceled subscription can only update its cancellation_details and metadata.',
    },
  ],
  [
    'a second end',
    async ({ stripe, subscription: { id } }) => {
      await stripe.subscriptions.cancel(id)
      return stripe.subscriptions.cancel(id)
    },
    { status: 404, code: 'resource_missing' },
  ],
  [
    'the id of a customer for a subscription',
    async ({ stripe, customer }) => stripe.subscriptions.retrieve(customer),
    { status: 404, code: 'resource_missing', param: 'id' },
  ],
  [
    'a customer who is deleted',
    async ({ stripe, customer, price }) => {
      await stripe.customers.del(customer)
      return stripe.subscriptions.create({ customer, items: [{ price }] })
    },
    { code: 'resource_missing', param: 'customer' },
  ],
]

const checkouts: readonly Case[] = [
  [
    'what belongs to a payment',
    checkout(() => ({ payment_intent_data: { description: 'x' } })),
    {
      param: 'payment_intent_data',
      message: 'You can not pass `payment_intent_data` in `subscription` mode.',
    },
  ],
  [
    'what belongs to a subscription',
    checkout(() => ({ mode: 'payment', subscription_data: { description: 'x' } })),
    {
      param: 'subscription_data',
      message: 'You can not pass `subscription_data` in `payment` mode.',
    },
  ],
  [
    'a customer to make, of a subscription',
    checkout(() => ({ customer_creation: 'always' })),
    {
      param: 'customer_creation',
      message: '`customer_creation` can only be used in `payment` mode.',
    },
  ],
  [
    'an update of no customer',
    checkout(() => ({ customer_update: { address: 'auto' } })),
    { param: 'customer_update' },
  ],
  // https://github.com/laravel/cashier-stripe/issues/1585
  [
    'a tax id of a customer whose name may not be changed',
    checkout(({ customer }) => ({ customer, tax_id_collection: { enabled: true } })),
    /^Tax ID collection requires updating business name on the customer\./,
  ],
  [
    'a customer and an address',
    checkout(({ customer }) => ({ customer, customer_email: 'hana@example.com' })),
    /^You may only specify one of these parameters: customer, customer_email\.$/,
  ],
  [
    'discounts and a field for codes',
    checkout(() => ({ allow_promotion_codes: true, discounts: [{ coupon: 'x' }] })),
    /^You may only specify one of these parameters: allow_promotion_codes, discounts\.$/,
  ],
  [
    'a language that it does not speak',
    checkout(() => ({ locale: 'ar' })),
    { param: 'locale', message: matching(/^Invalid locale: must be one of auto, bg,/) },
  ],
  [
    'another currency than that of the price',
    checkout(() => ({ currency: 'usd' })),
    { param: 'line_items[0][price]' },
  ],
  [
    'more than 20 prices',
    checkout(({ price }) => ({
      line_items: Array.from({ length: 21 }, () => ({ price, quantity: 1 })),
    })),
    { param: 'line_items' },
  ],
  [
    'a price in words, without a quantity',
    checkout(() => ({
      line_items: [
        {
          price_data: {
            currency: 'jpy',
            product_data: { name: 'x' },
            recurring: { interval: 'month' },
            unit_amount: 100,
          },
        },
      ],
    })),
    { param: 'line_items[0][quantity]' },
  ],
  [
    'a trial of less than two days',
    checkout(({ today }) => ({ subscription_data: { trial_end: today + day } })),
    { param: 'subscription_data[trial_end]' },
  ],
  [
    'an end within 30 minutes',
    checkout(({ today }) => ({ expires_at: today + 60 })),
    { param: 'expires_at' },
  ],
  [
    'a portal that leads back nowhere',
    async ({ stripe, customer }) =>
      stripe.billingPortal.sessions.create({ customer, return_url: 'example.com' }),
    {
      code: 'url_invalid',
      param: 'return_url',
      message: 'Invalid URL: An explicit scheme (such as https) must be provided.',
    },
  ],
  [
    'a portal in a language that it does not speak',
    async ({ stripe, customer }) =>
      stripe.billingPortal.sessions.create({ customer, locale: 'no' }),
    { param: 'locale' },
  ],
]

const money: readonly Case[] = [
  [
    'a paid invoice, to be paid',
    async ({ stripe, invoice }) => stripe.invoices.pay(invoice),
    { message: 'Invoice is already paid' },
  ],
  [
    'a paid invoice, to be void',
    async ({ stripe, invoice }) => stripe.invoices.voidInvoice(invoice),
    /^You can only pass in open invoices\. This invoice isn't open/,
  ],
  [
    'an amount that is not whole',
    async ({ stripe, customer }) =>
      stripe.invoiceItems.create({ customer, amount: 1.5, currency: 'jpy' }),
    { code: 'parameter_invalid_integer', param: 'amount' },
  ],
  [
    'a refund beyond the charge',
    async ({ stripe, charge }) => stripe.refunds.create({ charge, amount: 1_981 }),
    { param: 'amount' },
  ],
  [
    'a second refund',
    async ({ stripe, charge }) => {
      await stripe.refunds.create({ charge })
      return stripe.refunds.create({ charge })
    },
    { code: 'charge_already_refunded' },
  ],
  [
    'a refund of a payment that nobody made',
    async ({ stripe, customer }) => {
      const { id } = await stripe.paymentIntents.create({ amount: 100, currency: 'jpy', customer })
      return stripe.refunds.create({ payment_intent: id })
    },
    /^This PaymentIntent \(pi_\w+\) does not have a successful charge to refund\.$/,
  ],
  [
    'evidence for a dispute that is closed',
    async ({ stripe }) => {
      await subscribe(stripe, {}, 'pm_card_createDispute')
      const [dispute] = (await stripe.disputes.list()).data
      await stripe.disputes.close(dispute?.id ?? '')
      return stripe.disputes.update(dispute?.id ?? '', { evidence: { customer_name: 'Hana' } })
    },
    { message: 'This dispute is already closed.' },
  ],
  [
    'a code for the first payment, of one who has paid',
    async ({ stripe, subscription }) => {
      const { id: coupon } = await stripe.coupons.create({ percent_off: 10 })
      const { id: promotion_code } = await stripe.promotionCodes.create({
        promotion: { type: 'coupon', coupon },
        restrictions: { first_time_transaction: true },
      })
      return stripe.subscriptions.update(subscription.id, { discounts: [{ promotion_code }] })
    },
    {
      message:
        'This promotion code cannot be redeemed because the associated customer has prior transactions.',
    },
  ],
  [
    'a coupon for some months that does not say how many',
    async ({ stripe }) => stripe.coupons.create({ percent_off: 10, duration: 'repeating' }),
    { param: 'duration_in_months' },
  ],
  [
    'a price that is billed every four years',
    async ({ stripe }) =>
      monthlyPrice(stripe, { recurring: { interval: 'month', interval_count: 48 } }),
    { param: 'recurring[interval_count]' },
  ],
  [
    'a metered price without a meter',
    async ({ stripe }) =>
      monthlyPrice(stripe, { recurring: { interval: 'month', usage_type: 'metered' } }),
    { param: 'recurring[meter]' },
  ],
]

const api: readonly Case[] = [
  ['a page of none', async ({ stripe }) => stripe.customers.list({ limit: 0 }), { param: 'limit' }],
  [
    'a page of 101',
    async ({ stripe }) => stripe.customers.list({ limit: 101 }),
    { code: 'parameter_invalid_integer', param: 'limit' },
  ],
  [
    'a page both ways',
    async ({ stripe }) => stripe.customers.list({ starting_after: 'a', ending_before: 'b' }),
    /^You may only specify one of these parameters: ending_before, starting_after\.$/,
  ],
  [
    'a page from what is not there',
    async ({ stripe }) => stripe.customers.list({ starting_after: 'cus_none' }),
    { code: 'resource_missing', param: 'starting_after' },
  ],
  [
    'the subscriptions of whom there never was',
    async ({ stripe }) => stripe.subscriptions.list({ customer: 'cus_none' }),
    { code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_none'" },
  ],
  [
    'the invoices of whom there never was',
    async ({ stripe }) => stripe.invoices.list({ customer: 'cus_none' }),
    { code: 'resource_missing', param: 'customer' },
  ],
  [
    'five levels to expand',
    async ({ stripe, subscription }) =>
      stripe.subscriptions.retrieve(subscription.id, {
        expand: ['latest_invoice.customer.test_clock.a.b'],
      }),
    { param: 'expand' },
  ],
  [
    'a field to expand that is none, of what is to be made',
    async ({ stripe }) => stripe.customers.create({ expand: ['email'] }),
    { param: 'expand', message: 'This property cannot be expanded (email).' },
  ],
  [
    'an endpoint for events that there are not',
    async ({ stripe }) =>
      stripe.webhookEndpoints.create({
        enabled_events: ['customer.subscription.*' as '*'],
        url: 'https://example.com',
      }),
    {
      param: 'enabled_events[0]',
      message: matching(/^Invalid enabled_events\[0\]: must be one of /),
    },
  ],
  [
    'an endpoint for no events',
    async ({ stripe }) =>
      stripe.webhookEndpoints.create({ enabled_events: [], url: 'https://example.com' }),
    { param: 'enabled_events' },
  ],
  [
    'an endpoint of no version',
    async ({ stripe }) =>
      stripe.webhookEndpoints.create({
        api_version: 'latest' as '2026-10-28.endive',
        enabled_events: ['*'],
        url: 'https://example.com',
      }),
    { param: 'api_version' },
  ],
  [
    'a key for other parameters',
    async ({ stripe }) => {
      const idempotencyKey = 'once'
      await stripe.customers.create({ name: 'A' }, { idempotencyKey })
      return stripe.customers.create({ name: 'B' }, { idempotencyKey })
    },
    { type: 'idempotency_error' },
  ],
  [
    'a key for another path',
    async ({ stripe }) => {
      const idempotencyKey = 'once'
      await stripe.customers.create({}, { idempotencyKey })
      return stripe.products.create({ name: 'x' }, { idempotencyKey })
    },
    { type: 'idempotency_error' },
  ],
]

describe.each([
  ['of a subscription', subscriptions],
  ['of a checkout', checkouts],
  ['of money', money],
  ['of any call', api],
])('refused as Stripe does, %s:', (_of, cases) => {
  test.each(cases)('%s', async (_name, call, refused) => {
    await using world = await openWorld()
    const shape = refused instanceof RegExp ? { message: matching(refused) } : refused
    expect(await refusal(call(world))).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      ...shape,
    })
    // It has done nothing.
    const { requestId } = world.server.requests().at(-1) ?? {}
    expect(requestId).toMatch(/^req_/)
    expect(world.server.events().filter(({ request }) => request.id === requestId)).toEqual([])
  })
})

test('the words that Stripe knows are those that its client declares', () => {
  const checkouts = declarationsIn('Checkout/Sessions').get('Checkout.SessionCreateParams.Locale')
  const portals = declarationsIn('BillingPortal/Sessions').get(
    'BillingPortal.SessionCreateParams.Locale',
  )
  const events = declarationsIn('WebhookEndpoints').get('WebhookEndpointCreateParams.EnabledEvent')
  for (const [declared, known] of [
    [checkouts, checkoutLocales],
    [portals, portalLocales],
    [events, eventTypes],
  ] as const) {
    const parts = declared?.kind === 'alias' ? unionOf(declared.type) : []
    const words = parts.filter((part) => part.startsWith("'")).map((part) => part.slice(1, -1))
    expect(words).toEqual([...known])
  }
})
