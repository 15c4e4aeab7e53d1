import { inspect } from 'node:util'
import { withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import type { BillingOptions } from './billing-options.ts'
import { createBilling } from './create-billing.ts'
import { failureOf } from '../test/failure-of.ts'
import { startSilent } from '../test/scripted-server.ts'
import { makePrice } from '../test/price.ts'
import { openStage } from '../test/stage.ts'
import type { BillingStore } from './stores/billing-store.ts'
import { memoryBillingStore } from './stores/memory-store.ts'

const office = { reference: 'office-1', email: 'hanako@example.jp' }

describe('options', () => {
  const store = memoryBillingStore()
  const secretKey = 'sk_test_1'
  test.each<[string, object]>([
    ['no key', { store }],
    ['a publishable key', { store, secretKey: 'pk_test_51verysecret' }],
    ['a key with a line break', { store, secretKey: 'sk_test_51verysecret\n' }],
    ['no store', { secretKey }],
    ['a store without methods', { secretKey, store: {} }],
    ['http: to elsewhere', { store, secretKey, apiBase: 'http://api.stripe.com' }],
    ['a base with a path', { store, secretKey, apiBase: 'https://api.stripe.com/v1' }],
    ['another scheme', { store, secretKey, apiBase: 'ftp://127.0.0.1' }],
    ['no attempts', { store, secretKey, attempts: 0 }],
    ['a webhook secret of another kind', { store, secretKey, webhookSecret: 'verysecret' }],
    ['a trial of no day', { store, secretKey, trial: { days: 0 } }],
    ['a trial that is longer than Stripe’s longest', { store, secretKey, trial: { days: 731 } }],
    ['a trial that is a number', { store, secretKey, trial: 180 }],
    ['features that are no list', { store, secretKey, trial: { days: 1, features: 'verysecret' } }],
    ['prices that are a list', { store, secretKey, prices: ['verysecret'] }],
    ['a price without features', { store, secretKey, prices: { verysecret: {} } }],
    ['a feature without a name', { store, secretKey, prices: { price_1: { features: [''] } } }],
    ['grace that is too long', { store, secretKey, graceDays: 61 }],
    ['a client and a key', { store, secretKey, client: new Stripe('sk_test_1') }],
    ['a client that is not one', { store, client: {} }],
  ])('%s is a TypeError that does not repeat what was given', (_, options) => {
    let message = ''
    try {
      createBilling(options as BillingOptions<unknown>)
    } catch (error) {
      if (error instanceof TypeError) message = error.message
    }
    expect(message).toMatch(/^Expected /)
    expect(message).not.toContain('verysecret')
  })
})

describe('a client that was passed in', () => {
  test('is used, and left open', async () => {
    await using stage = await openStage()
    const { host, port, secretKey } = stage.server
    const client = new Stripe(secretKey, { host, port, protocol: 'http' })
    const billing = createBilling({ client, store: memoryBillingStore() })
    expect(billing.client).toBe(client)
    await billing.ensureCustomer(office)
    await billing.close()
    expect((await client.customers.list()).data).toHaveLength(1)
  })

  test('shows nothing of its key either', async () => {
    await using stage = await openStage()
    const { host, port } = stage.server
    const client = new Stripe('sk_live_51Abcdefghijklmnopzzyx', { host, port, protocol: 'http' })
    const billing = createBilling({ client, store: memoryBillingStore() })
    const error = await failureOf(billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'unauthenticated' })
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    expect(shown).not.toContain('zzyx')
    expect(shown).not.toMatch(/sk_live_?[^[]/)
  })

  test('does not keep a call beyond its deadline', async () => {
    await using stage = await openStage()
    const { host, port } = stage.proxy
    const client = new Stripe(stage.server.secretKey, { host, port, protocol: 'http' })
    const billing = createBilling({ client, store: memoryBillingStore() })
    stage.proxy.set({ halfOpen: true })
    const error = await failureOf(withTimeout(100, () => billing.ensureCustomer(office)))
    expect(error).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })
})

describe('close', () => {
  test('refuses calls with nothing sent, and may be called twice', async () => {
    await using stage = await openStage()
    await stage.billing.close()
    await stage.billing.close()
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'closed', outcome: 'none', retryable: false })
    expect(stage.server.requests()).toEqual([])
  })

  test('refuses calls over a client that was passed in, too', async () => {
    await using stage = await openStage()
    const { host, port, secretKey } = stage.server
    const client = new Stripe(secretKey, { host, port, protocol: 'http' })
    const billing = createBilling({ client, store: memoryBillingStore() })
    await billing.close()
    const error = await failureOf(billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'closed', operation: 'ensureCustomer', outcome: 'none' })
    expect(stage.server.requests()).toEqual([])
  })

  test('lets a call of several steps come to its end', async () => {
    const noted = Promise.withResolvers<void>()
    const closing = Promise.withResolvers<void>()
    const store: BillingStore<undefined> = Object.assign(memoryBillingStore(), {
      async settleCustomer(_: string, customerId: string) {
        noted.resolve()
        await closing.promise
        return customerId
      },
    })
    await using stage = await openStage({ store })
    const { id: price } = await makePrice(stage.another())
    const checkout = stage.billing.checkout(office.reference, {
      price,
      customer: { email: office.email },
      successUrl: 'https://example.jp/',
    })
    await noted.promise
    const closed = stage.billing.close()
    closing.resolve()
    const { sessionId } = await checkout
    await closed
    expect(stage.server.checkoutSessions()).toMatchObject([{ id: sessionId }])
  })

  test('cuts off what has not ended after drainMs, with an honest outcome', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    await using stage = await openStage({ apiBase: server.url, attempts: 1 })
    const cut = failureOf(stage.billing.ensureCustomer(office))
    await server.received
    let ended = false
    const closed = stage.billing.close({ drainMs: 5_000 }).then(() => (ended = true))
    await clock.advance(4_999)
    expect(ended).toBe(false)
    await clock.advance(1)
    await closed
    expect(await cut).toMatchObject({ code: 'closed', outcome: 'unknown' })
    await server.gone
  })
})

test('a call that found no free connection in time says so, and sent nothing', async () => {
  using clock = TestClock.install()
  await using server = await startSilent()
  await using stage = await openStage({
    apiBase: server.url,
    connections: 1,
    acquireTimeoutMs: 1_000,
    attempts: 1,
  })
  const first = failureOf(stage.billing.ensureCustomer(office))
  await server.received
  const second = failureOf(stage.billing.ensureCustomer({ ...office, reference: 'office-2' }))
  await clock.advance(1_000)
  expect(await second).toMatchObject({ code: 'acquire_timeout', outcome: 'none', retryable: true })
  const closed = stage.billing.close({ drainMs: 0 })
  await clock.advance(0)
  await closed
  await first
})
