import { performance } from 'node:perf_hooks'
import { Cancelled, type IoOptions } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { failureOf } from '../test/failure-of.ts'
import { type SilentServer, startSilent } from '../test/scripted-server.ts'
import type { Billing } from './billing.ts'
import { createBilling } from './create-billing.ts'
import { memoryBillingStore } from './stores/memory-store.ts'

const reference = 'office-1'
const successUrl = 'https://example.jp/'

/** Each verb that asks Stripe. */
const VERBS: Readonly<Record<string, (billing: Billing, options: IoOptions) => Promise<unknown>>> =
  {
    ensureCustomer: (billing, options) =>
      billing.ensureCustomer({ reference: 'office-2', email: 'a@example.jp' }, options),
    checkout: (billing, options) =>
      billing.checkout(reference, { price: 'price_1', successUrl }, options),
    portal: (billing, options) => billing.portal(reference, { returnUrl: successUrl }, options),
    changePlan: (billing, options) => billing.changePlan(reference, { price: 'price_1' }, options),
    previewPlan: (billing, options) =>
      billing.previewPlan(reference, { price: 'price_1' }, options),
    setQuantity: (billing, options) => billing.setQuantity(reference, 2, options),
    cancel: (billing, options) => billing.cancel(reference, options),
    resume: (billing, options) => billing.resume(reference, options),
    retryPayment: (billing, options) => billing.retryPayment(reference, options),
    invoices: (billing, options) => Array.fromAsync(billing.invoices(reference, options)),
    usage: (billing, options) =>
      billing.usage(reference, { meter: 'pages', value: 1, id: 'a' }, options),
    sync: (billing, options) => billing.sync(reference, options),
    'sync of a session': (billing, options) => billing.sync({ sessionId: 'cs_1' }, options),
    reconcile: (billing, options) => billing.reconcile(options),
    adoptCustomer: (billing, options) => billing.adoptCustomer('office-3', 'cus_3', options),
  }

/** @returns how long the call took to end, from the abort on, in milliseconds */
async function timeToEnd(verb: (typeof VERBS)[string], server: SilentServer): Promise<number> {
  const store = memoryBillingStore()
  await store.settleCustomer(reference, 'cus_1')
  await using billing = createBilling({ secretKey: 'sk_test_1', store, apiBase: server.url })
  const controller = new AbortController()
  const failing = failureOf(verb(billing, { signal: controller.signal }))
  await server.received
  const reason = new Error('the person has left')
  const from = performance.now()
  controller.abort(reason)
  const error = await failing
  const took = performance.now() - from
  expect(error).toBeInstanceOf(Cancelled)
  expect(error).toMatchObject({ source: 'signal', cause: reason })
  // Its request has ended on the wire too.
  await server.gone
  return took
}

test.each(Object.entries(VERBS))(
  '%s ends within 50 ms of an abort, with its reason',
  async (_, verb) => {
    const times: number[] = []
    // Of several, as a busy machine may hold up each.
    while (times.length < 20 && Math.min(...times) > 50) {
      await using server = await startSilent()
      times.push(await timeToEnd(verb, server))
    }
    expect(Math.min(...times)).toBeLessThanOrEqual(50)
  },
)
