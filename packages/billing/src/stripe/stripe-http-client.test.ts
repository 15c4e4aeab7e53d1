import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { startScripted, startSilent } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'

const office = { reference: 'office-1', email: 'hanako@example.jp' }

describe('the native client', () => {
  test('obeys the ambient deadline: its request ends on the wire', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    await using stage = await openStage({ apiBase: server.url })
    const cut = failureOf(withTimeout(2_000, () => stage.billing.client.customers.list()))
    await server.received
    await clock.advance(2_000)
    const error = await cut
    expect(TimeoutError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ outcome: 'none' })
    await server.gone
  })

  test('says that a cut write may have happened', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    await using stage = await openStage({ apiBase: server.url })
    const cut = failureOf(withTimeout(2_000, () => stage.billing.client.customers.create({})))
    await server.received
    await clock.advance(2_000)
    expect(await cut).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
  })

  test('repeats a write whose answer was lost, with the same key', async () => {
    await using stage = await openStage()
    stage.proxy.set({ dropReply: { times: 2 } })
    await stage.billing.client.customers.create({})
    expect(stage.server.customers()).toHaveLength(1)
    const keys = stage.server.requests().map(({ idempotencyKey }) => idempotencyKey)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
  })

  test('waits as long as Stripe asks', async () => {
    using clock = TestClock.install()
    let requests = 0
    await using server = await startScripted((_, response) => {
      requests += 1
      if (requests === 1) response.writeHead(503, { 'retry-after': '7' }).end()
      else response.end('{"object":"list","data":[],"has_more":false}')
    })
    await using stage = await openStage({ apiBase: server.url })
    const call = stage.billing.client.customers.list()
    await expect
      .poll(async () => {
        await clock.advance(500)
        return requests
      })
      .toBe(2)
    await call
    expect(clock.now()).toBeGreaterThanOrEqual(7_000)
  })

  test('does not wait past the deadline around it', async () => {
    // Nobody moves the clock: a wait would not end.
    using _clock = TestClock.install()
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 429, retryAfterSeconds: 20 } })
    const error = await failureOf(withTimeout(5_000, () => stage.billing.ensureCustomer(office)))
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 20_000 })
  })

  test('does not wait for longer than half a minute for Stripe', async () => {
    using _clock = TestClock.install()
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 429, retryAfterSeconds: 31 } })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 31_000 })
  })

  test.each([
    ['true', 400, 2],
    ['false', 503, 1],
  ])('heeds Stripe-Should-Retry: %s with %i', async (advice, status, expected) => {
    let requests = 0
    await using server = await startScripted((_, response) => {
      requests += 1
      response.writeHead(status, { 'stripe-should-retry': advice }).end()
    })
    await using stage = await openStage({ apiBase: server.url, attempts: 2 })
    await failureOf(stage.billing.client.customers.list())
    expect(requests).toBe(expected)
  })

  test('does not take an answer that is not Stripe’s for a success', async () => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code: 404, body: '{"message":"no such host"}' } })
    const error = await failureOf(stage.billing.client.customers.list())
    expect(error).toMatchObject({ status: 404, code: 'not_found', name: 'BillingError' })
  })
})

describe('the outcome', () => {
  test.each([
    [400, 'invalid_request', 'none', false],
    [401, 'unauthenticated', 'none', false],
    [402, 'card_declined', 'none', false],
    [403, 'forbidden', 'none', false],
    [404, 'not_found', 'none', false],
    [408, 'timeout', 'unknown', true],
    [410, 'not_found', 'none', false],
    [424, 'invalid_request', 'none', false],
    [429, 'rate_limited', 'none', true],
    [500, 'unavailable', 'unknown', true],
    [501, 'unsupported', 'none', false],
    [503, 'unavailable', 'unknown', true],
  ])('of a write that is answered %i is %s, %s', async (code, expected, outcome, retryable) => {
    await using stage = await openStage()
    stage.proxy.set({ status: { code } })
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: expected, outcome, retryable, status: code })
    expect(error).toMatchObject({ boundary: 'billing', operation: 'customers.create' })
  })

  test('of a failure that Stripe has stored is unknown, and not retryable', async () => {
    await using server = await startScripted((_, response) => {
      response.writeHead(500, { 'idempotent-replayed': 'true' }).end()
    })
    await using stage = await openStage({ apiBase: server.url })
    const write = stage.billing.client.customers.create({})
    const expected = { code: 'unavailable', outcome: 'unknown', retryable: false, replayed: true }
    expect(await failureOf(write)).toMatchObject(expected)
  })

  test('of a read is none whatever the answer', async () => {
    await using stage = await openStage()
    await stage.billing.ensureCustomer(office)
    stage.proxy.set({ status: { code: 500 } })
    const error = await failureOf(Array.fromAsync(stage.billing.invoices(office.reference)))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'none' })
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
    using clock = TestClock.install()
    await using server = await startSilent()
    const limits = { attempts: 1, attemptTimeoutMs: 5_000 }
    await using stage = await openStage({ apiBase: server.url, ...limits })
    const call = failureOf(stage.billing.ensureCustomer(office))
    await server.received
    await clock.advance(5_000)
    const expected = { code: 'connection_lost', outcome: 'unknown', retryable: true }
    expect(await call).toMatchObject(expected)
  })

  test('of a call that never got its turn before the deadline is none', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    await using stage = await openStage({ apiBase: server.url, connections: 1 })
    const holding = failureOf(withTimeout(9_000, () => stage.billing.client.customers.list()))
    await server.received
    const waiting = failureOf(stage.billing.ensureCustomer(office, { timeoutMs: 2_000 }))
    await clock.advance(2_000)
    expect(await waiting).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
    await clock.advance(7_000)
    await holding
  })

  test('of a call for which there is no room is none', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    const limits = { connections: 1, queue: 0, attempts: 1 }
    await using stage = await openStage({ apiBase: server.url, ...limits })
    const holding = failureOf(withTimeout(2_000, () => stage.billing.client.customers.list()))
    await server.received
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ code: 'overloaded', outcome: 'none' })
    await clock.advance(2_000)
    await holding
  })
})

test('a key never shows up in an error, not even the part that Stripe repeats', async () => {
  const secretKey = 'sk_live_51Abcdefghijklmnopqrstuvwxyz0123456789zzyx'
  await using stage = await openStage({ secretKey })
  const ours = await failureOf(stage.billing.ensureCustomer(office))
  const native = await failureOf(stage.billing.client.customers.list())
  expect(ours).toMatchObject({ code: 'unauthenticated' })
  for (const error of [ours, native]) {
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    expect(shown).not.toContain('zzyx')
    expect(shown).not.toContain('sk_live_5')
    expect(shown).not.toContain('sk_live*')
  }
})
