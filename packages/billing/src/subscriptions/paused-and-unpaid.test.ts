import { expect, test } from 'vitest'
import { BROKEN_OFF, breakOffEverywhere } from '../../test/broken-off.ts'
import { failureOf } from '../../test/failure-of.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscriber.ts'
import type { StageOptions } from '../../test/stage.ts'

const DAY = 86_400_000
const returnUrl = 'https://app.example.jp/billing'

interface Timed extends Subscribed {
  /** Lets time pass, here and at Stripe. */
  pass(days: number): Promise<void>
}

async function openTimed(options: StageOptions<undefined> = {}): Promise<Timed> {
  let now = Date.UTC(2026, 0, 1)
  const open = await openSubscribed({ now: () => now, ...options })
  return {
    ...open,
    async pass(days) {
      now += days * DAY
      await open.stage.server.settle()
    },
  }
}

/** Seven days, after which it is paused unless there is a card. */
const TRIAL = {
  trial_period_days: 7,
  trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
} as const

async function withoutCard({ stage: { billing } }: Subscribed, customer: string): Promise<void> {
  const { data } = await billing.client.paymentMethods.list({ customer })
  for (const { id } of data) await billing.client.paymentMethods.detach(id)
}

/** A subscription that its trial has paused, as there was no card. */
async function openPaused(): Promise<Timed> {
  const open = await openTimed()
  await withoutCard(open, await open.customer(reference))
  await open.subscribe(TRIAL)
  await open.pass(8)
  expect((await open.stage.billing.sync(reference)).status).toBe('paused')
  return open
}

const due = ({ stage: { server } }: Subscribed): readonly unknown[] =>
  server
    .invoices()
    .filter(({ amount_due: amount }) => amount > 0)
    .map(({ status }) => status)

// https://docs.stripe.com/billing/subscriptions/pause#resume-subscriptions
test('one that is paused goes on when it is resumed, as its invoice is paid', async () => {
  await using open = await openPaused()
  const { billing } = open.stage
  await open.useCard('pm_card_visa')
  expect((await billing.resume(reference)).status).toBe('active')
  expect((await billing.status(reference)).status).toBe('active')
  expect(due(open)).toEqual(['paid'])
})

test('one that is paused is resumed by one invoice, however often that is tried', async () => {
  await using open = await openPaused()
  const { billing, proxy } = open.stage
  // There is no card: it was resumed, and could not be paid.
  for (let count = 0; count < 2; count += 1) {
    expect((await billing.resume(reference)).status).toBe('paused')
    expect(due(open)).toEqual(['open'])
  }
  await open.useCard('pm_card_visa')
  proxy.set({ dropReply: { when: 'POST /v1/invoices', times: 3 } })
  expect(await failureOf(billing.resume(reference))).toMatchObject({ outcome: 'unknown' })
  proxy.clear()
  expect((await billing.resume(reference)).status).toBe('active')
  expect(due(open)).toEqual(['paid'])
})

test('one that is paused is resumed by one invoice by two calls at once, and by one whose answer was lost', async () => {
  await using open = await openPaused()
  const { server, proxy } = open.stage
  await open.useCard('pm_card_visa')
  proxy.set({ dropReply: { when: 'POST /v1/subscriptions', times: 1 } })
  const both = await Promise.allSettled([1, 2].map(() => open.stage.another().resume(reference)))
  expect(both.map(({ status }) => status)).toContain('fulfilled')
  expect(due(open)).toEqual(['paid'])
  expect(server.subscriptions()[0]?.status).toBe('active')
})

test('one that is paused is resumed by one invoice though Stripe has failed after it was made', async () => {
  await using open = await openPaused()
  const { billing, server } = open.stage
  await open.useCard('pm_card_visa')
  server.setTroubles({ kind: 'error_after', when: 'POST /v1/subscriptions/', times: 1 })
  expect((await billing.resume(reference)).status).toBe('active')
  expect(due(open)).toEqual(['paid'])
})

test.each(BROKEN_OFF)(
  'one that is paused is paid once and active when its resumption was %s anywhere, and made again',
  async (how) => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openSubscribed({ now: () => now })
    const { billing, server } = open.stage
    const made = new Map<string, string>()
    const steps = await breakOffEverywhere(open.stage, how, {
      options: { now: () => now },
      before: async (of) => {
        const customer = await open.customer(of)
        made.set(of, (await open.subscribe({ customer, ...TRIAL })).id)
        await withoutCard(open, customer)
        now += 8 * DAY
        await server.settle()
        await open.useCard('pm_card_visa', customer)
      },
      act: (broken, of) => broken.resume(of),
      after: async (of) => {
        await billing.resume(of)
        const id = made.get(of) ?? ''
        expect(await open.stage.store.findSubscription(id)).toMatchObject({ status: 'active' })
        const customer = await open.customer(of)
        const own = server.invoices().filter((one) => one.customer === customer)
        expect(own.map((one) => [one.status, one.amount_due])).toEqual([
          ['paid', 0],
          ['paid', 1_980],
        ])
      },
    })
    expect(steps).toBeGreaterThan(5)
  },
)

test('one that is paused and waits for its owner leads to the page for that, and is not resumed twice', async () => {
  await using open = await openPaused()
  const { billing } = open.stage
  await open.useCard('pm_card_authenticationRequired')
  expect((await billing.resume(reference)).status).not.toBe('active')
  expect((await billing.retryPayment(reference)).confirmUrl).toMatch(/^http/)
  await billing.resume(reference)
  expect(due(open)).toEqual(['open'])
})

test('one that is paused and has no card leads to the page where a person pays', async () => {
  await using open = await openPaused()
  const { billing } = open.stage
  expect((await billing.resume(reference)).status).toBe('paused')
  expect((await billing.retryPayment(reference)).confirmUrl).toMatch(/^http/)
  expect(due(open)).toEqual(['open'])
})

test('one that is paused ends at once when it is cancelled, as its period is over', async () => {
  await using open = await openPaused()
  const { billing } = open.stage
  expect((await billing.cancel(reference)).status).toBe('canceled')
  expect((await billing.status(reference)).status).toBe('canceled')
})

test('a change of one that is paused is previewed and made, from the end of its period', async () => {
  await using open = await openPaused()
  const { billing } = open.stage
  const change = { price: open.otherPrice }
  const { prorationDate } = await billing.previewPlan(reference, change)
  expect(prorationDate).toEqual(new Date(Date.UTC(2026, 0, 8) - 1_000))
  const changed = await billing.changePlan(reference, { ...change, prorationDate })
  expect(changed.priceId).toBe(open.otherPrice)
})

test.each([
  ['behind', -5_000],
  ['ahead', 40 * DAY],
] as const)('a change is previewed by a clock that is %s', async (_, off) => {
  const now = Date.UTC(2026, 0, 1)
  await using open = await openSubscribed({ now: () => now })
  await open.subscribe()
  const billing = open.stage.another({ now: () => now + off })
  const change = { price: open.otherPrice, proration: 'always_invoice' } as const
  const { amountDue, prorationDate } = await billing.previewPlan(reference, change)
  await billing.changePlan(reference, { ...change, prorationDate })
  const [newest] = await Array.fromAsync(billing.invoices(reference))
  expect(newest?.total).toBe(amountDue)
})

// https://github.com/twentyhq/twenty/pull/18770, https://github.com/twentyhq/twenty/pull/25430
test.each(['mark_unpaid', 'leave_past_due'] as const)(
  'one whose renewals failed (%s) is active once the newest is paid, though the next is a draft already',
  async (end) => {
    let now = Date.UTC(2026, 0, 1)
    await using open = await openSubscribed({
      now: () => now,
      dunning: { retryAfterDays: [1], end },
    })
    const { billing, server } = open.stage
    await open.subscribe()
    await open.useCard('pm_card_chargeCustomerFail')
    for (const days of [32, 2, 25.01]) {
      now += days * DAY
      await server.settle()
    }
    expect(server.invoices().map(({ status }) => status)).toContain('draft')
    const is = end === 'mark_unpaid' ? 'unpaid' : 'past_due'
    expect((await billing.sync(reference)).status).toBe(is)
    const declined = await failureOf(billing.retryPayment(reference))
    expect(declined).toMatchObject({ code: 'card_declined' })
    await open.useCard('pm_card_visa')
    const { subscription, confirmUrl } = await billing.retryPayment(reference)
    expect([subscription.status, confirmUrl]).toEqual(['active', undefined])
    expect((await billing.status(reference)).status).toBe('active')
  },
)

test('one that waits for its first payment is not changed, and what is said of that is clear', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  await open.useCard('pm_card_chargeCustomerFail')
  await open.subscribe()
  const { otherPrice: price } = open
  const input = { price, successUrl: returnUrl, whenSubscribed: 'change' } as const
  for (const refused of [
    billing.changePlan(reference, { price }),
    billing.previewPlan(reference, { price }),
    billing.setQuantity(reference, 2),
    billing.checkout(reference, input),
  ]) {
    const failure = await failureOf(refused)
    expect(failure).toMatchObject({ code: 'unsupported', outcome: 'none', retryable: false })
    expect(String(failure)).toContain('waits for its first payment')
  }
  expect(server.subscriptions()[0]?.items.data[0]?.price.id).toBe(open.price)
  await billing.cancel(reference)
  expect((await billing.checkout(reference, input)).kind).toBe('page')
})

// https://github.com/better-auth/better-auth/issues/5780
test('the portal opens for what is to end already, though there is nothing left to be cancelled', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  await open.subscribe()
  const input = { returnUrl, flow: 'subscription_cancel' } as const
  const first = await billing.portal(reference, input)
  await billing.cancel(reference)
  const again = await billing.portal(reference, input)
  expect([first, again].every(({ url }) => URL.canParse(url))).toBe(true)
  expect(await (await fetch(again.url)).text()).toContain('value="resume"')
})

// https://github.com/laravel/cashier-stripe/issues/1192, https://github.com/langfuse/langfuse/pull/9076
test('another plan takes back no planned end, and says so', async () => {
  await using open = await openSubscribed()
  const { billing } = open.stage
  await open.subscribe()
  const { endsAt } = await billing.cancel(reference)
  expect(endsAt).toBeDefined()
  expect(await billing.changePlan(reference, { price: open.otherPrice })).toMatchObject({ endsAt })
  expect((await billing.status(reference)).status).toBe('canceling')
})
