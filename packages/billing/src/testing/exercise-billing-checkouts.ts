import assert from 'node:assert/strict'
import { type Check, checkoutInput, made, refusalOf } from './billing-fixture.ts'

/** One open page or one live subscription a reference. */
export const CHECKOUT_CASES: Readonly<Record<string, Check>> = {
  'a second checkout gets the page that is open': async (fixture, reference) => {
    const { billing } = fixture
    const input = checkoutInput(fixture)
    const first = await billing.checkout(reference, input)
    const { successUrl, ...rest } = input
    assert.deepEqual(await billing.checkout(reference, { successUrl, ...rest }), first)
    assert.deepEqual(fixture.openSessions(), [first.sessionId])
    assert.equal(made(fixture, reference), 1)
  },
  'twenty checkouts at once leave one page': async (fixture, reference) => {
    const calls = Array.from({ length: 20 }, () =>
      fixture.billing.checkout(reference, checkoutInput(fixture)),
    )
    const ids = new Set((await Promise.all(calls)).map(({ sessionId }) => sessionId))
    assert.deepEqual(fixture.openSessions(), [...ids])
    assert.equal(ids.size, 1)
  },
  'a checkout of something else expires the page first': async (fixture, reference) => {
    const { billing, otherPriceId } = fixture
    const input = checkoutInput(fixture)
    const seen = new Set<string>()
    for (const change of [
      {},
      { quantity: 2 },
      { price: otherPriceId },
      { locale: 'en' },
      { metadata: {} },
      { native: { allow_promotion_codes: true } },
    ]) {
      const { sessionId } = await billing.checkout(reference, { ...input, ...change })
      assert.deepEqual(fixture.openSessions(), [sessionId])
      assert.ok(!seen.has(sessionId))
      seen.add(sessionId)
    }
  },
  'a lost answer to a checkout and a repeat leave one session': async (fixture, reference) => {
    const input = checkoutInput(fixture)
    fixture.loseReply('POST /v1/checkout/sessions')
    await fixture.billing.checkout(reference, input).catch(() => undefined)
    const { sessionId } = await fixture.billing.checkout(reference, input)
    assert.deepEqual(fixture.openSessions(), [sessionId])
    assert.equal(made(fixture, reference), 1)
  },
  'a lost answer to the end of a page and a repeat leave one session': async (
    fixture,
    reference,
  ) => {
    const input = checkoutInput(fixture)
    await fixture.billing.checkout(reference, input)
    fixture.loseReply('POST /v1/checkout/sessions/')
    const other = { ...input, quantity: 3 }
    await fixture.billing.checkout(reference, other).catch(() => undefined)
    const { sessionId } = await fixture.billing.checkout(reference, other)
    assert.deepEqual(fixture.openSessions(), [sessionId])
  },
  'a checkout while subscribed is refused, or changes the plan': async (fixture, reference) => {
    const { billing, otherPriceId } = fixture
    const input = checkoutInput(fixture)
    const { sessionId } = await billing.checkout(reference, input)
    await fixture.completeCheckout(sessionId)
    const error = await refusalOf(billing.checkout(reference, input), 'already_subscribed')
    assert.equal(error.outcome, 'none')
    assert.equal(error.retryable, false)
    const changed = await billing.checkout(reference, {
      ...input,
      price: otherPriceId,
      quantity: 2,
      whenSubscribed: 'change',
    })
    assert.ok(changed.kind === 'changed')
    assert.equal(changed.subscription.priceId, otherPriceId)
    assert.equal(changed.subscription.native.items.data[0]?.quantity, 2)
    assert.deepEqual(fixture.openSessions(), [])
    await billing.cancel(reference, { at: 'now' })
    const next = await billing.checkout(reference, input)
    assert.deepEqual(fixture.openSessions(), [next.sessionId])
  },
  'a checkout of what is to end has it go on, also on the plan that it has': async (
    fixture,
    reference,
  ) => {
    const { billing, otherPriceId } = fixture
    const input = { ...checkoutInput(fixture), whenSubscribed: 'change' } as const
    const page = await billing.checkout(reference, input)
    assert.ok(page.kind === 'page')
    await fixture.completeCheckout(page.sessionId)
    for (const price of [input.price, otherPriceId]) {
      for (const at of ['period-end', new Date(Date.now() + 7 * 86_400_000)] as const) {
        await billing.cancel(reference, { at })
        const changed = await billing.checkout(reference, { ...input, price })
        assert.ok(changed.kind === 'changed')
        assert.equal(changed.subscription.priceId, price)
        assert.equal(changed.subscription.endsAt, undefined)
        assert.equal((await billing.status(reference)).endsAt, undefined)
      }
    }
  },
  'a refused price opens nothing, and a known one is taken': async (fixture, reference) => {
    const input = checkoutInput(fixture)
    const wrong = fixture.billing.checkout(reference, { ...input, price: 'none_such' })
    const error = await refusalOf(wrong, 'invalid_request')
    assert.equal(error.outcome, 'none')
    const { sessionId } = await fixture.billing.checkout(reference, input)
    assert.deepEqual(fixture.openSessions(), [sessionId])
  },
}
