import { type Effect, outcomeOf, type Outcome } from '@yuzuru/concurrency'
import { outcomeOfStatus, retryAfterMs, TRANSIENT_STATUSES } from '@yuzuru/concurrency/boundary'
import { retry } from '@yuzuru/concurrency/resilience'
import type { Http, HttpInit, HttpResponse } from '@yuzuru/http'

/** How often and how patiently a request is repeated. */
export interface RepeatPolicy {
  readonly attempts: number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
}

/** What came of a request: the last answer, and whether an earlier attempt may have had its effect. */
export interface Exchange {
  readonly response: HttpResponse
  readonly earlier: Outcome
}

/** The longest wait that Stripe may ask for; a longer one is left to the caller. */
const MAX_RETRY_AFTER_MS = 30_000

/**
 * Sends a request, and again where that may help: all that stripe-node sends is a read, a DELETE, or
 * carries an idempotency key. `Stripe-Should-Retry` takes precedence over the status.
 * Source: https://docs.stripe.com/error-low-level
 */
export async function sendRequest(
  http: Http,
  url: string,
  init: HttpInit,
  policy: RepeatPolicy,
): Promise<Exchange> {
  const effect = init.method === 'GET' ? 'read' : 'idempotent'
  let earlier: Outcome = 'none'
  try {
    return await retry(
      async () => {
        try {
          const response = await http.request(url, { ...init, acceptStatus: all, retry: false })
          if (!isTransient(response)) return { response, earlier }
          throw new Turned({ response, earlier }, effect)
        } catch (error) {
          if (outcomeOf(error) === 'unknown') earlier = 'unknown'
          throw error
        }
      },
      { ...policy, idempotent: true },
    )
  } catch (error) {
    if (error instanceof Turned) return error.exchange
    throw error
  }
}

const all = (): boolean => true

function isTransient({ status, headers }: HttpResponse): boolean {
  const advice = headers.get('stripe-should-retry')
  if (advice !== null) return advice === 'true'
  // 409 is another request with the same idempotency key.
  return status === 409 || TRANSIENT_STATUSES.has(status)
}

/** An answer that is worth a repeat. */
class Turned extends Error {
  readonly exchange: Exchange
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly outcome: Outcome

  constructor(exchange: Exchange, effect: Effect) {
    super('turned away')
    this.exchange = exchange
    const { status, headers } = exchange.response
    this.retryAfterMs = retryAfterMs(headers.get('retry-after'))
    this.retryable = (this.retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS
    this.outcome = outcomeOfStatus(status, effect)
  }
}
