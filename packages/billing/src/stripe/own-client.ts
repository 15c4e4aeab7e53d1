import { expected, expectInteger } from '@yuzuru/concurrency/boundary'
import { createHttp, type Http } from '@yuzuru/http'
import type { Stripe } from 'stripe'
import type { OwnBillingOptions } from '../billing-options.ts'
import { parseApiBase } from './api-base.ts'
import { openStripe } from './open-stripe.ts'

/** A Stripe client of ours, and what it sends with. */
export interface OwnClient {
  readonly client: Stripe
  readonly http: Http
}

/** @throws {TypeError} when an option is unknown or out of its range */
export function openOwnClient<Tx>(options: OwnBillingOptions<Tx>): OwnClient {
  const { secretKey, connections = 20, queue = 1_000, acquireTimeoutMs = 10_000 } = options
  const { attempts = 3, baseDelayMs = 500, attemptTimeoutMs = 30_000 } = options
  if (typeof secretKey !== 'string' || !/^[sr]k_\w+$/.test(secretKey)) {
    throw expected('secretKey to begin with "sk_" or "rk_"', secretKey)
  }
  const apiBase = parseApiBase(options.apiBase)
  expectInteger('connections', connections, 1, 1_000)
  expectInteger('queue', queue, 0, 1_000_000)
  expectInteger('acquireTimeoutMs', acquireTimeoutMs, 1, 600_000)
  expectInteger('attempts', attempts, 1, 10)
  expectInteger('baseDelayMs', baseDelayMs, 0, 60_000)
  expectInteger('attemptTimeoutMs', attemptTimeoutMs, 1, 600_000)
  const http = createHttp({
    connections,
    queue,
    acquireTimeoutMs,
    retry: false,
    // Each try has one limit, that of stripe-node's `timeout`.
    timeouts: { headersMs: Infinity, stallMs: Infinity },
  })
  const policy = { attempts, baseDelayMs, maxDelayMs: 10_000 }
  return { client: openStripe(http, { secretKey, apiBase, attemptTimeoutMs, policy }), http }
}
