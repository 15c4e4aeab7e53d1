import type { Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openDatabase, type TestSchema } from '../../test/database.ts'
import { steppedStripe } from '../../test/stepped.ts'
import { openSubscribed, reference, type Subscribed } from '../../test/subscribed.ts'
import type { Billing } from '../billing.ts'
import { createBilling } from '../create-billing.ts'
import type { BillingProblem } from '../status/billing-problem.ts'
import type { BillingStore } from '../stores/billing-store.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

/** A status that Stripe has not today. */
const NEW = 'hibernating'

/** A billing whose Stripe has another status in the place of `active` since an update of its API. */
interface Updated<Tx> {
  readonly billing: Billing<Tx>
  readonly reported: readonly BillingProblem[]
  /** The ids of the subscriptions of which Stripe says it. */
  readonly hibernating: Set<string>
  readonly notices: readonly string[]
}

function updated<Tx>(open: Subscribed<Tx>): Updated<Tx> {
  const { server, store } = open.stage
  const reported: BillingProblem[] = []
  const notices: string[] = []
  const hibernating = new Set<string>()
  const client = steppedStripe(server, async (call) => {
    const answer = await call()
    const response = answer as { toJSON(): Promise<unknown> }
    const body = await response.toJSON()
    response.toJSON = async () => JSON.parse(JSON.stringify(body, rewritten)) as unknown
    return answer
  })
  const rewritten = (_: string, value: unknown): unknown => {
    const { object, id } = (value ?? {}) as { object?: unknown; id?: string }
    const isIt = object === 'subscription' && hibernating.has(id ?? '')
    return isIt ? Object.assign({}, value, { status: NEW }) : value
  }
  const { webhookSecret } = server
  const report = (problem: BillingProblem): void => void reported.push(problem)
  const billing = createBilling({ client, store, webhookSecret, report, keep: 'first' })
  billing.on('changed', ({ status }) => void notices.push(status.status))
  return { billing, reported, hibernating, notices }
}

async function expectClosed<Tx>(store: BillingStore<Tx>): Promise<void> {
  await using open = await openSubscribed({ store })
  const { billing, reported, hibernating, notices } = updated(open)
  const { id } = await open.subscribe()
  const event = open.events().find(({ data }) => data.object['id'] === id) ?? {}
  expect(await (await open.deliver(event, billing)).text()).toBe('received')
  expect((await billing.status(reference)).canUse()).toBe(true)

  hibernating.add(id)
  const update = { ...event, id: 'evt_update' }
  expect(await (await open.deliver(update, billing)).text()).toBe('received')
  for (const look of [
    () => billing.status(reference),
    () => billing.sync(reference),
    () => billing.reconcile().then(() => billing.status(reference)),
  ]) {
    const { status, canUse, subscription } = await look()
    expect([status, canUse(), canUse('plans')]).toEqual(['unknown', false, false])
    // The row is kept, and says what Stripe said.
    expect(subscription).toMatchObject({ id, status: NEW, items: [{ priceId: open.price }] })
  }
  expect(await (await open.deliver(update, billing)).text()).toBe('received before')
  expect(reported).toEqual([{ kind: 'unknown_status', id, detail: NEW }])
  expect(notices).toEqual(['active', 'unknown'])
  // No second one is sold beside it, and it is not ended.
  const input = { price: open.price, successUrl: 'https://app.example.jp/' }
  await expect(billing.checkout(reference, input)).rejects.toMatchObject({
    code: 'already_subscribed',
  })
  expect(open.stage.server.subscriptions()).toMatchObject([{ id, status: 'active' }])

  // Another one that is paid for opens, whatever this one is.
  const { id: other } = await open.subscribe()
  expect((await billing.sync(reference)).canUse()).toBe(true)
  expect(open.stage.server.subscriptions().every(({ status }) => status === 'active')).toBe(true)
  await open.stage.billing.client.subscriptions.cancel(other)
  expect((await billing.sync(reference)).canUse()).toBe(false)

  hibernating.clear()
  expect(await billing.sync(reference)).toMatchObject({ status: 'active' })
  expect((await billing.status(reference)).canUse()).toBe(true)
  expect(reported).toHaveLength(1)
}

describe('a status that Stripe has added since opens nothing, is reported once, and its row is kept', () => {
  test('in memory', async () => {
    await expectClosed(memoryBillingStore())
  })

  test('on PostgreSQL', async () => {
    await using database = await openDatabase()
    await expectClosed<Transaction<TestSchema>>(kyselyBillingStore(database.db))
  })
})
