import { inspect } from 'node:util'
import { withTimeout } from '@yuzuru/concurrency'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import type { BillingOptions } from './billing-options.ts'
import { createBilling } from './create-billing.ts'
import { failureOf } from '../test/failure-of.ts'
import { openStage } from '../test/stage.ts'
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
    ['a client and a key', { store, secretKey, client: new Stripe('sk_test_1') }],
    ['a client that is none', { store, client: {} }],
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
    expect(billing.stripe).toBe(client)
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
    expect(error).toMatchObject({ code: 'authentication_failed' })
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

test('after close, calls are refused as closed with nothing sent', async () => {
  await using stage = await openStage()
  await stage.billing.close()
  await stage.billing.close()
  const error = await failureOf(stage.billing.ensureCustomer(office))
  expect(error).toMatchObject({ code: 'closed', outcome: 'none', retryable: false })
  expect(stage.server.requests()).toEqual([])
})
