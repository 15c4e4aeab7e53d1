import {
  constant,
  constantFrom,
  assert as check,
  asyncProperty,
  array,
  integer,
  oneof,
  record,
} from 'fast-check'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'

import {
  customerWith,
  monthlyPrice,
  openStripeAt,
  type OpenStripeAtTime,
} from '../../test/stripe/fixture.ts'

type Step = (life: Life) => Promise<unknown>

interface Life {
  readonly open: OpenStripeAtTime
  readonly customer: string
  readonly prices: readonly string[]
  /** The newest subscription that there is. */
  latest(): Promise<Stripe.Subscription | undefined>
}

const cards = [
  'pm_card_visa',
  'pm_card_chargeCustomerFail',
  'pm_card_authenticationRequired',
  'pm_card_authenticationRequiredOnSetup',
] as const

/** A step for the newest subscription; without one nothing is done. */
const onLatest =
  (
    act: (stripe: Stripe, subscription: Stripe.Subscription, life: Life) => Promise<unknown>,
  ): Step =>
  async (life) => {
    const subscription = await life.latest()
    if (subscription) await act(life.open.stripe, subscription, life)
  }

const itemOf = ({ items }: Stripe.Subscription): string => items.data[0]?.id ?? ''

const CHANGES: readonly Stripe.SubscriptionUpdateParams[] = [
  { cancel_at_period_end: true },
  { cancel_at_period_end: false },
  { cancel_at: 'max_period_end' },
  { cancel_at: '' },
  { trial_end: 'now' },
  { billing_cycle_anchor: { type: 'now' } },
  { pause_collection: { behavior: 'void' } },
  { pause_collection: { behavior: 'keep_as_draft' } },
  { pause_collection: '' },
]

/** What it is now, and then a month of another price. */
function twoPhases(
  { phases: [phase] }: Stripe.SubscriptionSchedule,
  price = '',
): Stripe.SubscriptionScheduleUpdateParams.Phase[] {
  const { end_date = 0, items = [], start_date = 0 } = phase ?? {}
  return [
    { end_date, start_date, items: items.map((item) => ({ price: item.price as string })) },
    { duration: { interval: 'month' }, items: [{ price }] },
  ]
}

/** Time refuses nothing: what it can't do is a fault. */
const pass =
  (days: number): Step =>
  async ({ open }) =>
    await open.pass(days).catch((error: unknown) => {
      throw new Error(`Time stood still: ${String(error)}`)
    })

const subscribing = record({
  behavior: constantFrom('allow_incomplete', 'default_incomplete', 'error_if_incomplete'),
  days: constantFrom(undefined, 3, 20),
  missing: constantFrom('cancel', 'create_invoice', 'pause'),
  price: integer({ max: 2, min: 0 }),
}).map(
  ({ behavior, days, missing, price }): Step =>
    ({ customer, open, prices }) =>
      open.stripe.subscriptions.create({
        customer,
        items: [{ price: prices[price] ?? '' }],
        payment_behavior: behavior,
        trial_settings: { end_behavior: { missing_payment_method: missing } },
        ...(days === undefined ? {} : { trial_period_days: days }),
      }),
)

const steps = oneof(
  subscribing,
  constantFrom(...cards).map((card): Step => async ({ customer, open: { stripe } }) => {
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  }),
  integer({ max: 40, min: 1 }).map(pass),
  constantFrom(0.04, 0.5, 3).map(pass),
  record({
    behavior: constantFrom('always_invoice', 'create_prorations', 'none'),
    price: integer({ max: 2, min: 0 }),
    quantity: integer({ max: 5, min: 1 }),
  }).map(({ behavior, price, quantity }) =>
    onLatest((stripe, subscription, { prices }) =>
      stripe.subscriptions.update(subscription.id, {
        items: [{ id: itemOf(subscription), price: prices[price] ?? '', quantity }],
        proration_behavior: behavior,
      }),
    ),
  ),
  constantFrom(...CHANGES).map((change) =>
    onLatest((stripe, { id }) => stripe.subscriptions.update(id, change)),
  ),
  constantFrom('pm_card_visa', undefined).map((payment_method) =>
    onLatest((stripe, { latest_invoice: invoice }) =>
      stripe.invoices.pay(
        invoice as string,
        payment_method === undefined ? {} : { payment_method },
      ),
    ),
  ),
  constantFrom(true, false).map((succeeds) =>
    onLatest(async (stripe, { customer }, { open }) => {
      const { data } = await stripe.paymentIntents.list({ customer: customer as string })
      const waiting = data.find(({ status }) => status === 'requires_action')
      if (waiting) await open.server.authenticate(waiting.id, succeeds)
    }),
  ),
  constant(onLatest((stripe, { id }) => stripe.subscriptions.resume(id))),
  constant(
    onLatest((stripe, { id }) =>
      stripe.subscriptions.cancel(id, { invoice_now: true, prorate: true }),
    ),
  ),
  constant(onLatest((stripe, { id }) => stripe.invoices.createPreview({ subscription: id }))),
  integer({ max: 2, min: 0 }).map((price) =>
    onLatest(async (stripe, { id }, { prices }) => {
      const made = await stripe.subscriptionSchedules.create({ from_subscription: id })
      await stripe.subscriptionSchedules.update(made.id, { phases: twoPhases(made, prices[price]) })
    }),
  ),
  constantFrom('cancel', 'release').map((end_behavior) =>
    onLatest((stripe, { schedule }) =>
      stripe.subscriptionSchedules.update(schedule as string, { end_behavior }),
    ),
  ),
  constantFrom(true, false).map((preserve_cancel_date) =>
    onLatest((stripe, { schedule }) =>
      stripe.subscriptionSchedules.release(schedule as string, { preserve_cancel_date }),
    ),
  ),
  constant(
    onLatest((stripe, { schedule }) => stripe.subscriptionSchedules.cancel(schedule as string)),
  ),
  constant<Step>(async ({ customer, open: { stripe }, prices }) => {
    await stripe.subscriptionSchedules.create({
      customer,
      end_behavior: 'cancel',
      phases: [{ items: [{ price: prices[0] ?? '' }] }],
      start_date: 'now',
    })
  }),
)

/** What may follow on what, from Stripe's pages. Written down once more, so that the table is checked. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  active: ['canceled', 'past_due', 'trialing'],
  incomplete: ['active', 'canceled', 'incomplete_expired'],
  past_due: ['active', 'canceled', 'trialing', 'unpaid'],
  paused: ['active', 'canceled', 'trialing'],
  trialing: ['active', 'canceled', 'past_due', 'paused'],
  unpaid: ['active', 'canceled', 'trialing'],
}

/** Each status that events told is one that may follow on the one before. */
function checkStatuses({ server }: OpenStripeAtTime): void {
  const last = new Map<string, string>()
  for (const { data, type } of server.events()) {
    if (!type.startsWith('customer.subscription.')) continue
    const { id, status } = data.object as { id: string; status: string }
    const before = last.get(id)
    if (before !== undefined && before !== status) expect(FOLLOWS[before] ?? []).toContain(status)
    last.set(id, status)
  }
}

/** What was paid is what was charged; every invoice adds up. */
async function checkMoney({ server, stripe }: OpenStripeAtTime): Promise<void> {
  const invoices = server.invoices()
  const charges = await Array.fromAsync(stripe.charges.list({ limit: 100 }))
  const charged = charges.filter(({ paid }) => paid).reduce((sum, { amount }) => sum + amount, 0)
  expect(invoices.reduce((sum, { amount_paid: paid }) => sum + paid, 0)).toBe(charged)
  for (const invoice of invoices) {
    const {
      amount_due: due,
      amount_paid: paid,
      amount_remaining: rest,
      lines,
      subtotal,
      total,
    } = invoice
    expect(lines.data.reduce((sum, { amount }) => sum + amount, 0)).toBe(subtotal)
    expect(total).toBe(subtotal)
    expect(due - paid).toBe(rest)
    expect(due).toBeGreaterThanOrEqual(0)
  }
}

/** Whoever lives is within a period. */
function checkPeriods(open: OpenStripeAtTime): void {
  const now = open.now()
  for (const { items, status } of open.server.subscriptions()) {
    for (const { current_period_end: end, current_period_start: start } of items.data) {
      expect(start).toBeLessThan(end)
      if (['active', 'past_due', 'trialing', 'unpaid'].includes(status)) {
        expect(end).toBeGreaterThan(now)
        expect(start).toBeLessThanOrEqual(now)
      }
    }
  }
}

const asked = process.env['YUZURU_RUNS']
const patience = { timeout: 60_000 + Number(asked ?? 0) * 5_000 }

test(
  'whatever happens to a subscription, its statuses follow on one another and its money adds up',
  patience,
  async () => {
    const life = asyncProperty(
      constantFrom('2026-01-31T12:00:00Z', '2028-02-29T00:00:00Z', '2026-06-15T08:30:00Z'),
      constantFrom('cancel', 'leave_past_due', 'mark_unpaid'),
      subscribing,
      array(steps, { maxLength: 20, minLength: 5 }),
      async (start, dunning, first, story) => {
        await using open = await openStripeAt(start, { dunning: { end: dunning } })
        const { stripe } = open
        const { id: customer } = await customerWith(stripe)
        const prices = [
          await monthlyPrice(stripe),
          await monthlyPrice(stripe, { unit_amount: 3333 }),
          await monthlyPrice(stripe, { recurring: { interval: 'year' }, unit_amount: 19_800 }),
        ]
        const latest = async (): Promise<Stripe.Subscription | undefined> =>
          (await stripe.subscriptions.list({ customer, limit: 1, status: 'all' })).data[0]
        // At last the customer is deleted, and time goes on.
        const end: readonly Step[] = [() => stripe.customers.del(customer), pass(40)]
        for (const step of [first, ...story, ...end]) {
          await step({ customer, latest, open, prices }).catch((error: unknown) => {
            // A refusal is an answer of Stripe's; anything else is a fault of ours.
            if (!(error instanceof Stripe.errors.StripeError))
              expect(String(error)).toMatch(/^StripeFailure/)
            else expect([400, 402, 404]).toContain(error.statusCode)
          })
          checkPeriods(open)
        }
        checkStatuses(open)
        await checkMoney(open)
      },
    )
    await check(life, { numRuns: Number(asked ?? 20) })
  },
)
