import assert from 'node:assert/strict'
import { type Check, checkoutInput, refusalOf } from './billing-fixture.ts'
import { subscribed } from './exercise-billing-webhooks.ts'

/** What is asked of Stripe without a webhook. */
export const SYNC_CASES: Readonly<Record<string, Check>> = {
  'a checkout is synced before its webhook has come, for its own reference': async (
    fixture,
    reference,
  ) => {
    const { billing } = fixture
    const { sessionId } = await billing.checkout(reference, checkoutInput(fixture))
    assert.equal((await billing.sync({ sessionId, reference })).status, 'trialing')
    await fixture.completeCheckout(sessionId)
    const other = billing.sync({ sessionId, reference: `${reference}-other` })
    assert.equal((await refusalOf(other, 'not_found')).outcome, 'none')
    for (const input of [{ sessionId, reference }, { sessionId }]) {
      assert.equal((await billing.sync(input)).status, 'early_payment')
    }
    const none = billing.sync({ sessionId: `cs_${reference.replaceAll('-', '')}` })
    await refusalOf(none, 'not_found')
  },
  'sync of a reference shows what Stripe says, and announces it once': async (
    fixture,
    reference,
  ) => {
    const { billing } = fixture
    const { id } = await subscribed(fixture, reference)
    const announced: string[] = []
    for (const name of ['activated', 'canceling', 'resumed', 'ended'] as const) {
      billing.on(name, (notice) => {
        if (notice.reference === reference) announced.push(name)
      })
    }
    const subscriptions = billing.client.subscriptions
    const changes = [
      async () => undefined,
      () => subscriptions.update(id, { cancel_at_period_end: true }),
      () => subscriptions.update(id, { cancel_at_period_end: false }),
      () => subscriptions.cancel(id),
    ]
    const seen: string[] = []
    for (const change of changes) {
      await change()
      for (const _ of [1, 2]) await billing.sync(reference)
      seen.push((await billing.status(reference)).status)
    }
    assert.deepEqual(seen, ['early_payment', 'canceling', 'early_payment', 'trialing'])
    assert.deepEqual(announced, ['activated', 'canceling', 'resumed', 'ended'])
  },
  'what no webhook has said is found by reconcile, and then there is none': async (
    fixture,
    reference,
  ) => {
    const { billing } = fixture
    const { id } = await subscribed(fixture, reference)
    const drift = async (): Promise<object[]> => {
      const found: object[] = []
      const reconciled = await billing.reconcile({
        onDrift: (one) => {
          if (one.reference === reference) found.push(one)
        },
      })
      assert.deepEqual(
        reconciled.drift.filter((one) => one.reference === reference),
        found,
      )
      return found
    }
    const missing = { kind: 'missing', reference, id, was: undefined, is: 'trialing' }
    assert.deepEqual(await drift(), [missing])
    assert.deepEqual(await drift(), [])
    await billing.client.subscriptions.cancel(id)
    assert.deepEqual(await drift(), [
      { kind: 'changed', reference, id, was: 'trialing', is: 'canceled' },
    ])
    assert.deepEqual(await drift(), [])
  },
  'a handler that was taken off is called no more, and one given twice is called twice': async (
    fixture,
    reference,
  ) => {
    const { billing } = fixture
    await subscribed(fixture, reference)
    let calls = 0
    const handler = (): void => {
      calls += 1
    }
    const offs = [1, 2, 3].map(() => billing.on('activated', handler))
    offs[0]?.()
    await billing.sync(reference)
    assert.equal(calls, 2)
  },
  'a customer is its reference’s, and adopted by no other': async (fixture, reference) => {
    const { billing } = fixture
    const { id } = await billing.client.customers.create({ email: 'taro@example.jp' })
    assert.equal(await billing.referenceOf(id), undefined)
    await billing.adoptCustomer(reference, id)
    await billing.adoptCustomer(reference, id)
    assert.equal(await billing.referenceOf(id), reference)
    const { customerId } = await billing.ensureCustomer({ reference, email: 'taro@example.jp' })
    assert.equal(customerId, id)
    const other = billing.adoptCustomer(`${reference}-other`, id)
    assert.equal((await refusalOf(other, 'conflict')).outcome, 'none')
  },
}
