import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { failureOf } from './fixtures/failure-of.ts'
import { startScripted } from './fixtures/scripted-server.ts'
import { openStage } from './fixtures/stage.ts'

const office = { reference: 'office-1', email: 'hanako@example.jp' }

describe('the native client', () => {
  test('obeys the ambient deadline: its request ends on the wire', async () => {
    const gone = Promise.withResolvers<void>()
    await using server = await startScripted((_, response) => response.once('close', gone.resolve))
    await using stage = await openStage({ apiBase: server.url })
    const cut = await failureOf(withTimeout(200, () => stage.billing.stripe.customers.list()))
    expect(TimeoutError.isInstance(cut)).toBe(true)
    expect(cut).toMatchObject({ outcome: 'none' })
    await gone.promise
  })

  test('says that a cut write may have happened', async () => {
    await using stage = await openStage()
    stage.proxy.set({ halfOpen: true })
    const { stripe } = stage.billing
    const cut = await failureOf(withTimeout(100, () => stripe.customers.create({})))
    expect(cut).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })

  test('repeats a write whose answer was lost, with the same key', async () => {
    await using stage = await openStage()
    stage.proxy.set({ dropReply: { times: 2 } })
    await stage.billing.stripe.customers.create({})
    expect(stage.server.customers()).toHaveLength(1)
    const keys = stage.server.requests().map(({ idempotencyKey }) => idempotencyKey)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
  })

  test('waits as long as Stripe asks', async () => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 503, retryAfterSeconds: 1, times: 1 } })
    const start = performance.now()
    await stage.billing.stripe.customers.list()
    expect(performance.now() - start).toBeGreaterThanOrEqual(990)
  })

  test('does not wait past the deadline around it', async () => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 429, retryAfterSeconds: 20 } })
    const start = performance.now()
    const error = await failureOf(withTimeout(5_000, () => stage.billing.ensureCustomer(office)))
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 20_000 })
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  test('takes no answer for a success that is not Stripe’s', async () => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 404, body: '{"message":"no such host"}' } })
    const error = await failureOf(stage.billing.stripe.customers.list())
    expect(error).toMatchObject({ statusCode: 404, type: 'StripeInvalidRequestError' })
  })
})

describe('the outcome', () => {
  test.each([
    [400, 'invalid_request', 'none', false],
    [401, 'authentication_failed', 'none', false],
    [402, 'card_declined', 'none', false],
    [403, 'permission_denied', 'none', false],
    [404, 'not_found', 'none', false],
    [429, 'rate_limited', 'none', true],
    [500, 'server_error', 'unknown', true],
    [503, 'server_error', 'unknown', true],
  ])('of a write that is answered %i is %s, %s', async (code, expected, outcome, retryable) => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code } })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: expected, outcome, retryable, statusCode: code })
    expect(error).toMatchObject({ boundary: 'billing', operation: 'customers.create' })
  })

  test('of a read is none whatever the answer', async () => {
    await using stage = await openStage()
    await stage.billing.ensureCustomer(office)
    stage.proxy.set({ status: { code: 500 } })
    const error = await failureOf(stage.billing.getSubscription(office.reference))
    expect(error).toMatchObject({ code: 'server_error', outcome: 'none' })
  })

  test('of a refusal after an attempt whose answer was lost is unknown', async () => {
    let requests = 0
    await using server = await startScripted((request, response) => {
      requests += 1
      response.statusCode = 429
      if (requests === 1) request.socket.destroy()
      else response.end()
    })
    await using stage = await openStage({ apiBase: server.url })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'unknown' })
    expect(requests).toBe(3)
  })

  test('of a write whose answer can’t be read is unknown', async () => {
    await using server = await startScripted((_, response) => response.end('<html>'))
    await using stage = await openStage({ apiBase: server.url })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'unexpected', outcome: 'unknown' })
  })

  test('of a connection that was never made is none', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address() as AddressInfo
    gone.close()
    await once(gone, 'close')
    await using stage = await openStage({ apiBase: `http://127.0.0.1:${port}` })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none', retryable: true })
  })

  test('of an attempt that took too long is unknown', async () => {
    await using stage = await openStage({ attemptTimeoutMs: 50 })
    stage.proxy.set({ halfOpen: true })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'connection_lost', outcome: 'unknown', retryable: true })
  })

  test('of a call for which there is no room is none', async () => {
    await using stage = await openStage({ connections: 1, queue: 0, attempts: 1 })
    stage.proxy.set({ halfOpen: true })
    const holding = failureOf(withTimeout(300, () => stage.billing.stripe.customers.list()))
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'overloaded', outcome: 'none' })
    await holding
  })
})

test('a key never shows up in an error, not even the part that Stripe repeats', async () => {
  const secretKey = 'sk_live_51Abcdefghijklmnopqrstuvwxyz0123456789zzyx'
  await using stage = await openStage({ secretKey })
  const ours = await failureOf(stage.billing.ensureCustomer(office))
  const native = await failureOf(stage.billing.stripe.customers.list())
  expect(ours).toMatchObject({ code: 'authentication_failed' })
  for (const error of [ours, native]) {
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    expect(shown).not.toContain('zzyx')
    expect(shown).not.toContain('sk_live_5')
    expect(shown).not.toContain('sk_live*')
  }
})
