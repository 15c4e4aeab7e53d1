import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { IoError, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import type { Billing } from '../billing.ts'
import { BillingError } from '../billing-error.ts'
import { createFakeBilling } from '../testing/fake-billing.ts'
import { failureOf } from '../../test/failure-of.ts'
import { nativeErrorOf } from './native-error.ts'
import { startScripted, startSilent } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'

type Call = (stripe: Stripe) => Promise<unknown>

/** Each way in which stripe-node reaches the wire, and whether it changes something there. */
const CALLS: Readonly<Record<string, { readonly call: Call; readonly changes: boolean }>> = {
  list: { call: (stripe) => stripe.customers.list(), changes: false },
  retrieve: { call: (stripe) => stripe.prices.retrieve('price_1'), changes: false },
  pages: { call: (stripe) => Array.fromAsync(stripe.customers.list()), changes: false },
  'raw GET': { call: (stripe) => stripe.rawRequest('GET', '/v1/customers'), changes: false },
  'stream GET': { call: (stripe) => stripe.quotes.pdf('qt_1'), changes: false },
  create: { call: (stripe) => stripe.customers.create({}), changes: true },
  delete: { call: (stripe) => stripe.customers.del('cus_1'), changes: true },
  'raw POST': { call: (stripe) => stripe.rawRequest('POST', '/v1/customers', {}), changes: true },
}

interface Fault {
  readonly code: string
  readonly retryable: boolean
  /** Whether a change may have been made nevertheless. */
  readonly unknown: boolean
  /** Opens a billing that meets the fault. */
  readonly open: (stack: AsyncDisposableStack) => Promise<Billing>
}

async function portOfNobody(): Promise<number> {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  gone.close()
  await once(gone, 'close')
  return port
}

async function openAt(stack: AsyncDisposableStack, apiBase: string): Promise<Billing> {
  return stack.use(await openStage({ apiBase, attempts: 1 })).billing
}

function answered(status: number, code: string, retryable: boolean, unknown = false): Fault {
  return {
    code,
    retryable,
    unknown,
    open: async (stack) => {
      const server = await startScripted((_, response) => {
        const error = { type: 'invalid_request_error', message: 'no', code: 'theirs' }
        response.writeHead(status).end(JSON.stringify({ error }))
      })
      return await openAt(stack, stack.use(server).url)
    },
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'nobody listens': {
    code: 'connection_failed',
    retryable: true,
    unknown: false,
    open: async (stack) => await openAt(stack, `http://127.0.0.1:${await portOfNobody()}`),
  },
  'the connection is cut': {
    code: 'connection_lost',
    retryable: true,
    unknown: true,
    open: async (stack) => {
      const server = await startScripted((request) => request.socket.destroy())
      return await openAt(stack, stack.use(server).url)
    },
  },
  'the answer is cut': {
    code: 'connection_lost',
    retryable: true,
    unknown: true,
    open: async (stack) => {
      const server = await startScripted((_, response) => {
        response.writeHead(500, { 'content-length': '100' })
        response.write('{', () => response.destroy())
      })
      return await openAt(stack, stack.use(server).url)
    },
  },
  'the answer was a 500, and then nobody listens': {
    code: 'connection_failed',
    retryable: true,
    unknown: true,
    open: async (stack) => {
      const server = createHttpServer((request, response) => {
        request.resume().once('end', () => {
          server.close()
          response.writeHead(500, { connection: 'close' }).end('{"error":{"type":"api_error"}}')
        })
      })
      stack.defer(() => void server.close())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      return stack.use(await openStage({ apiBase, attempts: 2 })).billing
    },
  },
  'the billing is closed': {
    code: 'closed',
    retryable: false,
    unknown: false,
    open: async (stack) => {
      const billing = await openAt(stack, 'http://127.0.0.1:1')
      await billing.close()
      return billing
    },
  },
  '400': answered(400, 'invalid_request', false),
  '401': answered(401, 'unauthenticated', false),
  '402': answered(402, 'card_declined', false),
  '403': answered(403, 'forbidden', false),
  '404': answered(404, 'not_found', false),
  '409': answered(409, 'conflict', true, true),
  '429': answered(429, 'rate_limited', true),
  '500': answered(500, 'unavailable', true, true),
  '503': answered(503, 'unavailable', true, true),
}

describe.each(Object.entries(FAULTS))('a native call, when %s', (_, fault) => {
  test.each(Object.entries(CALLS))(
    'fails as a verb would: %s',
    async (_name, { call, changes }) => {
      await using stack = new AsyncDisposableStack()
      const billing = await fault.open(stack)
      const error = await failureOf(call(billing.client))
      expect(BillingError.isInstance(error) && IoError.isInstance(error)).toBe(true)
      const { code, retryable } = fault
      const outcome = fault.unknown && changes ? 'unknown' : 'none'
      expect(error).toMatchObject({ boundary: 'billing', operation: 'client' })
      expect(error).toMatchObject({ code, retryable, outcome })
    },
  )
})

describe('a native call', () => {
  test('leads to what stripe-node threw, and does not show it', async () => {
    await using stack = new AsyncDisposableStack()
    const { client: stripe } = await answered(402, 'card_declined', false).open(stack)
    const error = await failureOf(stripe.customers.create({}))
    expect(error).toMatchObject({ stripeCode: 'theirs' })
    expect(error).not.toHaveProperty('cause')
    expect(nativeErrorOf(error)).toMatchObject({ type: 'StripeCardError', message: 'no' })
  })

  test('that was refused leaves its scope without an effect', async () => {
    await using stack = new AsyncDisposableStack()
    const { client: stripe } = await answered(402, 'card_declined', false).open(stack)
    const refused = withTimeout(60_000, () => stripe.customers.create({}))
    expect(await failureOf(refused)).toMatchObject({ code: 'card_declined', outcome: 'none' })
  })

  test('that took longer than an attempt may is connection_lost', async () => {
    using clock = TestClock.install()
    await using server = await startSilent()
    const limits = { attempts: 1, attemptTimeoutMs: 5_000 }
    await using stage = await openStage({ apiBase: server.url, ...limits })
    const late = failureOf(stage.billing.client.customers.create({}))
    await server.received
    await clock.advance(5_000)
    const expected = { code: 'connection_lost', outcome: 'unknown', retryable: true }
    expect(await late).toMatchObject(expected)
  })

  test('fails in the fake as it does for real', async () => {
    await using billing = createFakeBilling()
    billing.failNext({ fault: 'lost-reply' })
    const { client: stripe } = billing
    const lost = await failureOf(stripe.customers.create({}))
    expect(lost).toMatchObject({ code: 'connection_lost', outcome: 'unknown', retryable: true })
    const absent = await failureOf(stripe.prices.retrieve('nothing'))
    expect(absent).toMatchObject({ code: 'not_found', outcome: 'none', operation: 'client' })
  })
})
