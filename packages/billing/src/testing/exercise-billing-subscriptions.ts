import assert from 'node:assert/strict'
import { type Check, checkoutInput, EMAIL, made, refusalOf } from './billing-fixture.ts'

/** What is done with a subscription. */
export const SUBSCRIPTION_CASES: Readonly<Record<string, Check>> = {
  'a reference without a customer is not_found, and nothing is made': async (
    fixture,
    reference,
  ) => {
    const { billing } = fixture
    const { customer: _, ...input } = checkoutInput(fixture)
    const returnUrl = 'https://app.example.jp'
    for (const call of [
      () => billing.checkout(reference, input),
      () => billing.portal(reference, { returnUrl }),
      () => billing.cancel(reference),
      () => billing.resume(reference),
      () => billing.changePlan(reference, { price: fixture.priceId }),
      () => billing.previewPlan(reference, { price: fixture.priceId }),
      () => billing.setQuantity(reference, 2),
      () => billing.retryPayment(reference),
      () => billing.usage(reference, { meter: 'pages', value: 1, id: reference }),
    ]) {
      assert.equal((await refusalOf(call(), 'not_found')).outcome, 'none')
    }
    assert.deepEqual((await billing.sync(reference)).subscriptions, [])
    assert.deepEqual(await Array.fromAsync(billing.invoices(reference)), [])
    assert.deepEqual(fixture.openSessions(), [])
    assert.equal(made(fixture, reference), 0)
  },
  'a customer without a subscription has nothing to change': async (fixture, reference) => {
    const { billing } = fixture
    await billing.ensureCustomer({ reference, email: EMAIL })
    for (const call of [
      () => billing.cancel(reference),
      () => billing.resume(reference),
      () => billing.setQuantity(reference, 2),
      () =>
        billing.portal(reference, {
          returnUrl: 'https://app.example.jp',
          flow: 'subscription_cancel',
        }),
    ]) {
      assert.equal((await refusalOf(call(), 'not_found')).outcome, 'none')
    }
    const { url } = await billing.portal(reference, {
      returnUrl: 'https://app.example.jp',
      flow: 'payment_method_update',
    })
    assert.ok(URL.canParse(url))
  },
  'a subscription is read, set to end, and ended': async (fixture, reference) => {
    const { billing } = fixture
    const { sessionId } = await billing.checkout(reference, checkoutInput(fixture))
    assert.deepEqual((await billing.sync(reference)).subscriptions, [])
    await fixture.completeCheckout(sessionId)
    const { subscription: begun } = await billing.sync(reference)
    assert.equal(begun?.status, 'trialing')
    assert.equal(begun.reference, reference)
    assert.equal(begun.items[0]?.priceId, fixture.priceId)
    const ending = await billing.cancel(reference)
    assert.equal(ending.cancelAtPeriodEnd, true)
    assert.equal(ending.native.metadata['plan'], 'basic')
    assert.equal(ending.endsAt?.getTime(), begun.periodEndsAt)
    const days = ((begun.trialEndsAt ?? 0) - begun.createdAt) / 86_400_000
    assert.equal(Math.round(days), 180)
    assert.equal(ending.status, 'trialing')
    const kept = await billing.resume(reference)
    assert.equal(kept.endsAt, undefined)
    assert.equal(kept.cancelAtPeriodEnd, false)
    const at = new Date(begun.createdAt + 86_400_000)
    assert.deepEqual((await billing.cancel(reference, { at })).endsAt, at)
    assert.equal((await billing.resume(reference)).endsAt, undefined)
    for (const _ of [1, 2]) {
      const ended = await billing.cancel(reference, { at: 'now' })
      assert.equal(ended.status, 'canceled')
    }
    await refusalOf(billing.resume(reference), 'not_found')
    const { url } = await billing.portal(reference, { returnUrl: 'https://app.example.jp' })
    assert.ok(URL.canParse(url))
  },
  'a plan and a quantity are changed, and again changes nothing': async (fixture, reference) => {
    const { billing, otherPriceId } = fixture
    const { sessionId } = await billing.checkout(reference, checkoutInput(fixture))
    await fixture.completeCheckout(sessionId)
    for (const _ of [1, 2]) {
      const changed = await billing.changePlan(reference, { price: otherPriceId })
      assert.equal(changed.priceId, otherPriceId)
    }
    for (const _ of [1, 2]) {
      const { native } = await billing.setQuantity(reference, 7, { proration: 'none' })
      assert.equal(native.items.data[0]?.quantity, 7)
    }
    // Stripe sets the quantity to 1 with another price, unless it is told which.
    const { priceId } = fixture
    await billing.changePlan(reference, { price: priceId, proration: 'none' })
    const { subscription } = await billing.sync(reference)
    assert.equal(subscription?.items[0]?.priceId, priceId)
    assert.equal(subscription?.items[0]?.quantity, 7)
  },
}
