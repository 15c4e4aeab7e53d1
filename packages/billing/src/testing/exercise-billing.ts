import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { isRetryable, outcomeOf } from '@yuzuru/concurrency'
import { casesOf, type Fixture, type SuiteCase } from '@yuzuru/concurrency/testing'
import type { Billing } from '../billing.ts'
import { BillingError, type BillingErrorCode } from '../billing-error.ts'
import { subscriptionOf } from '../subscriptions/billing-subscription.ts'
import type { CheckoutInput } from '../checkout/checkout-input.ts'
import { type SignedWebhook, signWebhook } from './sign-webhook.ts'

/** The billing to try, and what is seen and done on Stripe's side. */
export interface BillingFixture extends Fixture {
  /** Made with `trial: { days: 180 }` and without `prices`. */
  readonly billing: Billing
  readonly webhookSecret: string
  /** A recurring price. */
  readonly priceId: string
  /** The references of all customers that Stripe has: `metadata.yuzuru_reference`. */
  customers(): readonly (string | undefined)[]
  /** The ids of the checkout sessions that are open. */
  openSessions(): readonly string[]
  /** Completes a checkout as the customer would on the hosted page. */
  completeCheckout(sessionId: string): unknown
  /** Lets one coming request whose line begins so (`POST /v1/customers`) be done and not be answered. */
  loseReply(line: string): void
}

/**
 * What must hold of a billing, whatever its store and whichever Stripe it speaks to. Each case makes a
 * fixture of its own.
 *
 * @example
 * for (const { name, run } of exerciseBilling(makeFixture)) test(name, run)
 */
export function exerciseBilling(
  make: () => BillingFixture | Promise<BillingFixture>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries(CASES).map(([name, check]) =>
    of(name, (fixture) => check(fixture, `office-${randomUUID()}`)),
  )
}

type Check = (fixture: BillingFixture, reference: string) => Promise<void>

const EMAIL = 'hanako@example.jp'

function checkoutInput(fixture: BillingFixture, reference: string): CheckoutInput {
  return {
    reference,
    attemptKey: 'first',
    priceId: fixture.priceId,
    trialPeriodDays: 180,
    customer: { email: EMAIL, name: '山田 花子' },
    successUrl: 'https://app.example.jp/billing?session={CHECKOUT_SESSION_ID}',
    cancelUrl: 'https://app.example.jp/billing',
    locale: 'ja',
    metadata: { plan: 'basic' },
  }
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'Expected the call to fail' })
}

async function refusalOf(call: Promise<unknown>, code: BillingErrorCode): Promise<BillingError> {
  const error = await failureOf(call)
  assert.ok(BillingError.isInstance(error), String(error))
  assert.equal(error.code, code)
  return error
}

const made = (fixture: BillingFixture, reference: string): number =>
  fixture.customers().filter((one) => one === reference).length

function delivery(
  fixture: BillingFixture,
  object: object = { id: 'sub_1', object: 'subscription' },
): SignedWebhook {
  const id = `evt_${randomUUID().replaceAll('-', '')}`
  const type = 'customer.subscription.updated'
  const created = Math.floor(Date.now() / 1_000)
  const event = { id, object: 'event', type, created, data: { object } }
  return signWebhook(JSON.stringify(event), fixture.webhookSecret)
}

const CASES: Readonly<Record<string, Check>> = {
  'a repeat gives the same customer': async (fixture, reference) => {
    const first = await fixture.billing.ensureCustomer({ reference, email: EMAIL })
    const again = await fixture.billing.ensureCustomer({ reference, email: 'other@example.jp' })
    assert.deepEqual(again, first)
    assert.equal(made(fixture, reference), 1)
  },
  'fifty calls at once make one customer': async (fixture, reference) => {
    const calls = Array.from({ length: 50 }, () =>
      fixture.billing.ensureCustomer({ reference, email: EMAIL }),
    )
    const ids = new Set((await Promise.all(calls)).map(({ customerId }) => customerId))
    assert.equal(ids.size, 1)
    assert.equal(made(fixture, reference), 1)
  },
  'a lost answer and a repeat leave one customer': async (fixture, reference) => {
    fixture.loseReply('POST /v1/customers')
    const input = { reference, email: EMAIL }
    const lost = await fixture.billing.ensureCustomer(input).catch((error: unknown) => error)
    if (lost instanceof Error) {
      assert.equal(outcomeOf(lost), 'unknown')
      assert.ok(isRetryable(lost))
    }
    await fixture.billing.ensureCustomer(input)
    assert.equal(made(fixture, reference), 1)
  },
  'a refused address fails, and a corrected one is taken': async (fixture, reference) => {
    const wrong = fixture.billing.ensureCustomer({ reference, email: 'nobody' })
    const error = await refusalOf(wrong, 'invalid_request')
    assert.equal(error.param, 'email')
    assert.equal(error.outcome, 'none')
    await fixture.billing.ensureCustomer({ reference, email: EMAIL })
    assert.equal(made(fixture, reference), 1)
  },
  'a repeat of an attempt gives the same session': async (fixture, reference) => {
    const input = checkoutInput(fixture, reference)
    const first = await fixture.billing.createCheckout(input)
    assert.deepEqual(await fixture.billing.createCheckout(input), first)
    assert.deepEqual(fixture.openSessions(), [first.sessionId])
    const other = await fixture.billing.createCheckout({ ...input, attemptKey: 'second' })
    assert.notEqual(other.sessionId, first.sessionId)
    assert.equal(made(fixture, reference), 1)
  },
  'a lost answer to a checkout and a repeat leave one session': async (fixture, reference) => {
    const input = checkoutInput(fixture, reference)
    fixture.loseReply('POST /v1/checkout/sessions')
    await fixture.billing.createCheckout(input).catch(() => undefined)
    const { sessionId } = await fixture.billing.createCheckout(input)
    assert.deepEqual(fixture.openSessions(), [sessionId])
    assert.equal(made(fixture, reference), 1)
  },
  'an attempt begun with other values is refused': async (fixture, reference) => {
    const input = checkoutInput(fixture, reference)
    await fixture.billing.createCheckout(input)
    const changed = fixture.billing.createCheckout({ ...input, quantity: 2 })
    const error = await refusalOf(changed, 'idempotency_conflict')
    assert.equal(error.outcome, 'none')
    assert.equal(error.retryable, false)
  },
  'an attempt that was completed says so': async (fixture, reference) => {
    const input = checkoutInput(fixture, reference)
    const { sessionId } = await fixture.billing.createCheckout(input)
    await fixture.completeCheckout(sessionId)
    await refusalOf(fixture.billing.createCheckout(input), 'checkout_closed')
  },
  'a reference without a customer is not_found, and nothing is made': async (
    fixture,
    reference,
  ) => {
    const { customer: _, ...input } = checkoutInput(fixture, reference)
    await refusalOf(fixture.billing.createCheckout(input), 'not_found')
    const returnUrl = 'https://app.example.jp'
    await refusalOf(fixture.billing.createPortal({ reference, returnUrl }), 'not_found')
    await refusalOf(fixture.billing.cancelSubscription(reference), 'not_found')
    assert.equal(await fixture.billing.getSubscription(reference), undefined)
    assert.deepEqual(fixture.openSessions(), [])
  },
  'a subscription is read, set to end, and ended': async (fixture, reference) => {
    const { billing } = fixture
    const { sessionId } = await billing.createCheckout(checkoutInput(fixture, reference))
    assert.equal(await billing.getSubscription(reference), undefined)
    await fixture.completeCheckout(sessionId)
    const begun = await billing.getSubscription(reference)
    assert.equal(begun?.status, 'trialing')
    assert.equal(begun.reference, reference)
    assert.equal(begun.priceId, fixture.priceId)
    assert.equal(begun.native.metadata['plan'], 'basic')
    const days = ((begun.trialEndsAt?.getTime() ?? 0) - begun.createdAt.getTime()) / 86_400_000
    assert.equal(days, 180)
    const ending = await billing.cancelSubscription(reference)
    assert.equal(ending.cancelAtPeriodEnd, true)
    assert.equal(ending.status, 'trialing')
    for (const _ of [1, 2]) {
      const ended = await billing.cancelSubscription(reference, { at: 'now' })
      assert.equal(ended.status, 'canceled')
    }
    const { url } = await billing.createPortal({ reference, returnUrl: 'https://app.example.jp' })
    assert.ok(URL.canParse(url))
  },
  'a hundred first looks at once start one trial': async ({ billing }, reference) => {
    const looks = await Promise.all(Array.from({ length: 100 }, () => billing.status(reference)))
    const dates = new Set(looks.map(({ trialEndsAt }) => trialEndsAt?.getTime()))
    assert.equal(dates.size, 1)
    for (const look of looks) {
      assert.equal(look.status, 'trialing')
      assert.equal(look.next?.what, 'trial_ends')
      assert.deepEqual(look.next.at, look.trialEndsAt)
      assert.equal(look.canUse(), true)
    }
    const [first] = looks
    const lasts = (first?.trialEndsAt?.getTime() ?? 0) - (first?.since.getTime() ?? 0)
    assert.equal(lasts, 180 * 86_400_000)
  },
  'a call whose signal has fired makes nothing': async (fixture, reference) => {
    const signal = AbortSignal.abort()
    await failureOf(fixture.billing.ensureCustomer({ reference, email: EMAIL }, { signal }))
    assert.equal(made(fixture, reference), 0)
  },
  'wrong values are TypeErrors before anything is sent': async (fixture, reference) => {
    const { billing } = fixture
    const input = checkoutInput(fixture, reference)
    const wrong = [
      billing.ensureCustomer({ reference: '', email: EMAIL }),
      billing.ensureCustomer({ reference, email: 7 as never }),
      billing.ensureCustomer({ reference, email: EMAIL, metadata: { yuzuru_reference: 'x' } }),
      billing.createCheckout({ ...input, successUrl: 'nowhere' }),
      billing.createCheckout({ ...input, trialEnd: new Date() } as never),
      billing.createCheckout({ ...input, quantity: 0 }),
      billing.createPortal({ reference, returnUrl: 'javascript:alert(1)' }),
      billing.cancelSubscription(reference, { at: 'soon' as never }),
      billing.status(''),
      billing.status(7 as never),
    ]
    for (const call of wrong) assert.ok((await failureOf(call)) instanceof TypeError)
    assert.deepEqual(fixture.customers(), [])
  },
  'a webhook is handled once, however often it comes': async (fixture) => {
    const { body, signature } = delivery(fixture)
    const handled: string[] = []
    const receive = (): Promise<{ duplicate: boolean }> =>
      fixture.billing.webhooks.receive(body, signature, (event) => handled.push(event.id))
    const atOnce = await Promise.all([receive(), receive(), receive(), receive()])
    assert.equal(atOnce.filter(({ duplicate }) => !duplicate).length, 1)
    assert.equal((await receive()).duplicate, true)
    assert.equal(handled.length, 1)
  },
  'a webhook whose handler failed is handled when it comes again': async (fixture) => {
    const { body, signature } = delivery(fixture)
    const { webhooks } = fixture.billing
    const failed = webhooks.receive(body, signature, () => {
      throw new RangeError('not yet')
    })
    assert.ok((await failureOf(failed)) instanceof RangeError)
    const received = await webhooks.receive(Buffer.from(body), signature, () => 'done')
    assert.equal(received.duplicate ? '' : received.value, 'done')
  },
  'a webhook that was changed on its way is refused unread': async (fixture) => {
    const { body, signature } = delivery(fixture)
    const receive = fixture.billing.webhooks.receive(`${body} `, signature, () =>
      assert.fail('The handler must not run'),
    )
    assert.equal((await refusalOf(receive, 'invalid_signature')).outcome, 'none')
  },
  'a subscription is read out of its event': async (fixture, reference) => {
    const { billing } = fixture
    const { sessionId } = await billing.createCheckout(checkoutInput(fixture, reference))
    await fixture.completeCheckout(sessionId)
    const current = await billing.getSubscription(reference)
    const { body, signature } = delivery(fixture, current?.native)
    const read = subscriptionOf(billing.webhooks.verify(body, signature))
    assert.equal(read?.reference, reference)
    assert.equal(read.id, current?.id)
  },
}
