import { sleep, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import type { BillingStore } from '../stores/billing-store.ts'
import { openDatabase } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { startScripted } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

const HOUR = 3_600_000
const office = { reference: 'office-1', email: 'hanako@example.jp' }
const POST = ['POST', '/v1/customers'] as const
const inUse = {
  code: 409,
  when: 'POST /v1/customers',
  body: JSON.stringify({
    error: { type: 'invalid_request_error', code: 'idempotency_key_in_use', message: 'in use' },
  }),
}

/** A store that dies `times` times just when it is to note what Stripe has made. */
function dying(times: number): BillingStore<undefined> {
  const store = memoryBillingStore()
  let left = times
  return Object.assign(Object.create(store) as BillingStore<undefined>, {
    settleCustomer: async (reference: string, customerId: string) => {
      if (left === 0) return await store.settleCustomer(reference, customerId)
      left -= 1
      throw new RangeError('the process died')
    },
    findCustomer: store.findCustomer.bind(store),
    beginCustomer: store.beginCustomer.bind(store),
    replaceIntent: store.replaceIntent.bind(store),
  })
}

describe('one customer', () => {
  test('after a crash between Stripe’s yes and our note', async () => {
    await using stage = await openStage({ store: dying(1) })
    const crash = await failureOf(stage.billing.ensureCustomer(office))
    expect(crash).toBeInstanceOf(RangeError)
    expect(stage.server.customers()).toHaveLength(1)
    const { customerId } = await stage.another().ensureCustomer(office)
    expect(stage.server.customers().map(({ id }) => id)).toEqual([customerId])
  })

  test('when every answer was lost, and the call is made again', async () => {
    await using stage = await openStage()
    stage.proxy.set({ dropReply: { when: 'POST /v1/customers', times: 3 } })
    expect(await failureOf(stage.billing.ensureCustomer(office))).toMatchObject({
      name: 'BillingError',
      code: 'connection_lost',
      outcome: 'unknown',
      retryable: true,
    })
    expect(stage.server.requestCount(...POST)).toBe(3)
    const { customerId } = await stage.another().ensureCustomer(office)
    expect(stage.server.customers().map(({ id }) => id)).toEqual([customerId])
  })

  test('when five processes ensure it ten times each at once', async () => {
    await using database = await openDatabase()
    await using stage = await openStage({ store: kyselyBillingStore(database.db) })
    const processes = [1, 2, 3, 4, 5].map(() => stage.another())
    const calls = processes.flatMap((billing) =>
      Array.from({ length: 10 }, () => billing.ensureCustomer(office)),
    )
    const ids = (await Promise.all(calls)).map(({ customerId }) => customerId)
    expect(new Set(ids).size).toBe(1)
    expect(stage.server.customers()).toHaveLength(1)
  })

  test('when the deadline passes after Stripe has made it, and the call is made again', async () => {
    using clock = TestClock.install()
    await using stage = await openStage()
    const { server, proxy, billing } = stage
    proxy.set({ latencyMs: { toClient: 60_000 } })
    const cut = failureOf(withTimeout(2_000, () => billing.ensureCustomer(office)))
    await expect.poll(() => server.customers().length).toBe(1)
    await clock.advance(2_000)
    expect(await cut).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    proxy.clear()
    const { customerId } = await billing.ensureCustomer(office)
    expect(server.customers().map(({ id }) => id)).toEqual([customerId])
  })

  test('while another process holds the key, which is waited for', async () => {
    await using stage = await openStage()
    stage.proxy.set({ status: { ...inUse, times: 4 } })
    await stage.billing.ensureCustomer(office)
    expect(stage.server.customers()).toHaveLength(1)
  })

  test('when the first of several callers gives up: the next one goes on', async () => {
    using clock = TestClock.install()
    await using stage = await openStage()
    const { server, proxy, billing } = stage
    proxy.set({ latencyMs: { toClient: 60_000 } })
    const impatient = failureOf(billing.ensureCustomer(office, { timeoutMs: 2_000 }))
    const patient = billing.ensureCustomer(office)
    await expect.poll(() => server.customers().length).toBe(1)
    proxy.clear()
    await clock.advance(2_000)
    expect(await impatient).toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    const { customerId } = await patient
    expect(server.customers().map(({ id }) => id)).toEqual([customerId])
  })

  test('when many callers of a process come at once, with one request', async () => {
    await using stage = await openStage()
    await Promise.all(Array.from({ length: 50 }, () => stage.billing.ensureCustomer(office)))
    expect(stage.server.requests()).toHaveLength(1)
  })
})

describe('a key that Stripe may have forgotten', () => {
  test('is not used again: the customer is looked up by its address and reference', async () => {
    let now = Date.now()
    await using stage = await openStage({ now: () => now })
    await stage.billing.client.customers.create({ email: office.email })
    stage.proxy.set({ dropReply: { when: 'POST /v1/customers' } })
    await failureOf(stage.billing.ensureCustomer(office))
    stage.proxy.clear()
    await stage.billing.client.customers.create({ email: office.email })
    const sent = stage.server.requestCount(...POST)
    now += 25 * HOUR
    // The address has changed meanwhile: it is looked up by the one that was sent.
    const { customerId } = await stage.billing.ensureCustomer({
      ...office,
      email: 'new@example.jp',
    })
    expect(stage.server.requestCount(...POST)).toBe(sent)
    const mine = stage.server.customers().filter(({ metadata }) => 'yuzuru_reference' in metadata)
    expect(mine.map(({ id }) => id)).toEqual([customerId])
  })

  test('gives way to another when nothing was made with it', async () => {
    let now = Date.now()
    await using stage = await openStage({ now: () => now, attempts: 1 })
    stage.proxy.set({ status: { code: 503 } })
    await failureOf(stage.billing.ensureCustomer(office))
    stage.proxy.clear()
    now += 25 * HOUR
    await stage.billing.ensureCustomer(office)
    expect(stage.server.customers()).toHaveLength(1)
    expect(stage.server.requestCount('GET', '/v1/customers')).toBe(1)
  })

  test('is trusted for 23 hours: within them the same request is sent again', async () => {
    let now = Date.now()
    await using stage = await openStage({ now: () => now, attempts: 1 })
    stage.proxy.set({ dropReply: { when: 'POST /v1/customers' } })
    await failureOf(stage.billing.ensureCustomer(office))
    stage.proxy.clear()
    now += 22 * HOUR
    await stage.billing.ensureCustomer({ ...office, email: 'new@example.jp' })
    expect(stage.server.customers()).toMatchObject([{ email: office.email }])
    expect(stage.server.requestCount('GET', '/v1/customers')).toBe(0)
  })
})

describe('a key that leads nowhere', () => {
  test('because something else was sent with it is replaced, after a look', async () => {
    await using stage = await openStage()
    const idempotencyKey = 'yuzuru-customer-used'
    await stage.billing.client.customers.create({ email: 'x@example.jp' }, { idempotencyKey })
    const parameters = JSON.stringify({ email: office.email })
    const intent = { idempotencyKey, parameters, startedAt: Date.now() }
    await stage.store.beginCustomer(office.reference, intent)
    const { customerId } = await stage.billing.ensureCustomer(office)
    expect(stage.server.customers()).toMatchObject([{ email: 'x@example.jp' }, { id: customerId }])
  })

  test('because Stripe has stored a failure of its own for it is replaced, after a look', async () => {
    const keys: unknown[] = []
    await using server = await startScripted((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.method === 'GET') {
        response.end('{"object":"list","data":[],"has_more":false}')
        return
      }
      keys.push(request.headers['idempotency-key'])
      if (keys[0] !== keys.at(-1)) {
        response.end('{"id":"cus_1","object":"customer"}')
        return
      }
      response.statusCode = 500
      if (keys.length > 1) response.setHeader('idempotent-replayed', 'true')
      response.end('{"error":{"type":"api_error","message":"broken"}}')
    })
    await using stage = await openStage({ apiBase: server.url })
    expect(await stage.billing.ensureCustomer(office)).toEqual({ customerId: 'cus_1' })
    expect(keys).toHaveLength(4)
  })

  test('because its address was refused is replaced by that of the next call', async () => {
    await using stage = await openStage()
    const parameters = JSON.stringify({ email: 'nobody', metadata: {} })
    const intent = { idempotencyKey: 'yuzuru-customer-1', parameters, startedAt: Date.now() }
    await stage.store.beginCustomer(office.reference, intent)
    await stage.billing.ensureCustomer(office)
    expect(stage.server.customers()).toMatchObject([{ email: office.email }])
  })
})

test('an address that was refused is forgotten', async () => {
  await using stage = await openStage()
  await failureOf(stage.billing.ensureCustomer({ ...office, email: 'nobody' }))
  expect(await stage.store.findCustomer(office.reference)).toBeUndefined()
})

test('what is sent is written down only until Stripe has answered', async () => {
  await using stage = await openStage()
  await stage.billing.ensureCustomer(office)
  expect(await stage.store.findCustomer(office.reference)).toMatchObject({ intent: undefined })
})

test('what Stripe has made is noted although the caller has been cancelled meanwhile', async () => {
  const store = memoryBillingStore()
  const settle = store.settleCustomer.bind(store)
  const controller = new AbortController()
  store.settleCustomer = async (reference, customerId) => {
    controller.abort()
    await sleep(0)
    return await settle(reference, customerId)
  }
  await using stage = await openStage({ store })
  const { signal } = controller
  await stage.billing.ensureCustomer(office, { signal })
  const [customer] = stage.server.customers()
  expect(await store.findCustomer(office.reference)).toMatchObject({ customerId: customer?.id })
})
