import { Cancelled, cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { type StandIn, SteppedHttp, type Strike, type Stroke } from '@yuzuru/tooling/stepped-http'
import { describe, expect, test } from 'vitest'
import { openSubscribed, reference, type Subscribed } from '../test/subscriber.ts'
import type { Billing } from './billing.ts'
import { createBilling } from './create-billing.ts'
import type { Keep } from './status/plan-options.ts'

const url = 'https://example.jp/'

interface Case {
  readonly before?: (open: Subscribed) => Promise<unknown>
  readonly act: (billing: Billing, open: Subscribed) => Promise<unknown>
  readonly keep?: Keep
}

const three = async (open: Subscribed): Promise<void> => {
  for (let count = 0; count < 3; count += 1) await open.subscribe()
}

/** Two pages that somebody else has opened. */
const pages = async (open: Subscribed): Promise<void> => {
  const { client } = open.stage.billing
  const customer = await open.customer(reference)
  const line_items = [{ price: open.price, quantity: 1 }]
  const session = { customer, mode: 'subscription', line_items, success_url: url } as const
  for (let count = 0; count < 2; count += 1) await client.checkout.sessions.create(session)
}

const scheduled = async (open: Subscribed): Promise<void> => {
  const { id } = await open.subscribe()
  await open.stage.billing.client.subscriptionSchedules.create({ from_subscription: id })
}

/** The verbs that send more than one request that changes something, or look at what they have changed. */
const CASES: Readonly<Record<string, Case>> = {
  'a checkout that expires other pages': {
    before: pages,
    act: (billing, { price }) => billing.checkout(reference, { price, successUrl: url }),
  },
  'a change of the plan': {
    before: (open) => open.subscribe(),
    act: (billing, { otherPrice: price }) => billing.changePlan(reference, { price }),
  },
  'a cancel of three': { before: three, act: (billing) => billing.cancel(reference) },
  'a cancel of three at once': {
    before: three,
    act: (billing) => billing.cancel(reference, { at: 'now' }),
  },
  'a cancel of one with a schedule': {
    before: scheduled,
    act: (billing) => billing.cancel(reference),
  },
  'a sync that ends the second and third': {
    before: three,
    act: (billing) => billing.sync(reference),
    keep: 'first',
  },
  'a payment that is tried again': {
    before: async (open) => {
      const { id } = await open.subscribe()
      await open.stage.server.failPayment(id)
    },
    act: (billing) => billing.retryPayment(reference),
  },
}

const json = (status: number, type: string): StandIn => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { type } }),
})

/** What a case comes to when request `at` meets `stroke`, and the one after it `next`; `undefined`: it has fewer. */
async function failAt(given: Case, at: number, stroke: Stroke, next?: Stroke): Promise<unknown> {
  await using open = await openSubscribed()
  const { server, store } = open.stage
  await given.before?.(open)
  await using line = await SteppedHttp.start({
    target: server,
    refusal: json(400, 'invalid_request_error'),
    failure: json(500, 'api_error'),
  })
  const { secretKey, webhookSecret } = server
  const { keep } = given
  const apiBase = line.url(server.url)
  const attempts = next === undefined ? 1 : 2
  const own = { secretKey, webhookSecret, apiBase, store, keep, attempts }
  await using billing = createBilling(own)
  const isSilent = stroke === 'silent' || stroke === 'held'
  const error = await cancelScope(async (scope) => {
    const strike: Strike = (count) => (count === at ? stroke : count === at + 1 ? next : undefined)
    line.begin(strike, () => isSilent && scope.cancel())
    await given.act(billing, open)
  }).catch((reason: unknown) => reason)
  if (!line.struck) return undefined
  const done = line.done.map(({ method, path }) => `${method} ${path}`)
  const said = error === undefined ? 'a value' : outcomeOf(error)
  if (isSilent) expect([at, Cancelled.isInstance(error)]).toEqual([at, true])
  return { at, stroke, next, isTrue: said !== 'none' || done.length === 0, said, done }
}

describe('whatever becomes of one request of', () => {
  test.each(Object.entries(CASES))(
    '%s, the verb says none only where Stripe has changed nothing',
    async (_, given) => {
      for (const stroke of ['lost', 'refused', 'silent'] as const) {
        let requests = 0
        for (; ; requests += 1) {
          const said = await failAt(given, requests + 1, stroke)
          if (said === undefined) break
          expect(said).toMatchObject({ isTrue: true })
        }
        expect(requests).toBeGreaterThan(1)
      }
    },
    60_000,
  )

  test.each(Object.entries(CASES))(
    '%s, and of the same one tried again, the verb says none only where Stripe has changed nothing',
    async (_, given) => {
      for (let at = 1; ; at += 1) {
        const said = await failAt(given, at, 'lost', 'refused')
        if (said === undefined) break
        expect(said).toMatchObject({ isTrue: true })
      }
    },
    60_000,
  )
})
