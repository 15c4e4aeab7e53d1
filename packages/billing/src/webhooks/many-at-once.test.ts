import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { startScripted } from '../../test/scripted-server.ts'
import { createBilling } from '../create-billing.ts'
import objects from '../fixtures/stripe-objects.json' with { type: 'json' }
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { signWebhook } from '../testing/sign-webhook.ts'

const SECRET = 'whsec_test'
const CUSTOMERS = 100
const EVENTS = 1_000

/** The subscription of one customer, as Stripe shows it. */
const shown = (id: string): object => ({
  ...objects.subscription,
  id,
  customer: id.replace('sub', 'cus'),
  cancel_at: null,
  cancel_at_period_end: false,
  trial_end: null,
  ended_at: null,
  metadata: { yuzuru_reference: id.replace('sub', 'office') },
})

/** The webhook of one of the events. */
function requestOf(at: number): Request {
  const object = { id: `sub_${at % CUSTOMERS}`, object: 'subscription' }
  const event = { id: `evt_${at}`, object: 'event', type: 'x.y', created: at, data: { object } }
  const { body, signature } = signWebhook(JSON.stringify(event), SECRET)
  const headers = { 'stripe-signature': signature }
  return new Request('https://app.example.jp/', { method: 'POST', body, headers })
}

test('a thousand webhooks for a hundred customers at once, in three processes, are all applied, without a deadlock', async () => {
  await using database = await openDatabase()
  await using server = await startScripted((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(shown(request.url?.split('/').at(-1) ?? '')))
  })
  await using stack = new AsyncDisposableStack()
  const problems: unknown[] = []
  const announced = new Map<string, number>()
  const billings = [1, 2, 3].map(() => {
    const billing = createBilling({
      secretKey: 'sk_test_1',
      webhookSecret: SECRET,
      store: kyselyBillingStore(database.db),
      apiBase: server.url,
      queue: EVENTS,
      acquireTimeoutMs: 100_000,
      report: (problem) => problems.push(problem),
    })
    const count = (what: string): void => {
      announced.set(what, (announced.get(what) ?? 0) + 1)
    }
    billing.on('event', ({ id }) => count(id))
    billing.on('activated', ({ reference }) => count(reference))
    return stack.use(billing)
  })
  const answers = Array.from({ length: EVENTS }, async (_, at) => {
    const response = await billings[at % 3]?.webhook(requestOf(at))
    return `${response?.status} ${await response?.text()}`
  })
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 received']))
  expect(problems).toEqual([])
  expect(announced.size).toBe(EVENTS + CUSTOMERS)
  expect(new Set(announced.values())).toEqual(new Set([1]))
  for (let at = 0; at < CUSTOMERS; at += 1) {
    const status = await billings[0]?.status(`office_${at}`)
    expect(status).toMatchObject({ status: 'active', subscriptions: [{ id: `sub_${at}` }] })
  }
})
