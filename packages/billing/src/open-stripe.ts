import { Cancelled } from '@yuzuru/concurrency'
import type { Http } from '@yuzuru/http'
import { Stripe } from 'stripe'
import type { ApiBase } from './api-base.ts'
import type { RepeatPolicy } from './send-request.ts'
import { StripeHttpClient } from './stripe-http-client.ts'

export interface StripeSettings {
  readonly secretKey: string
  readonly apiBase: ApiBase
  readonly attemptTimeoutMs: number
  readonly policy: RepeatPolicy
}

/** Makes a Stripe client whose calls obey the ambient scope. */
export function openStripe(http: Http, settings: StripeSettings): Stripe {
  const stripe = new Stripe(settings.secretKey, {
    ...settings.apiBase,
    httpClient: new StripeHttpClient(http, settings.policy),
    // Ours are on: they stop with the scope, and remember that an earlier attempt may have worked.
    maxNetworkRetries: 0,
    timeout: settings.attemptTimeoutMs,
    telemetry: false,
  })
  keepTerminations(stripe)
  return stripe
}

type Callback = (error: unknown, value?: unknown) => void
type Sender = { _request?: (...args: unknown[]) => unknown }

/**
 * stripe-node makes a "connection error" of whatever its HTTP client throws, with the original in
 * `detail`. A cancel is no failure of a connection and must be recognised by the scope it ends, so it
 * is taken out again. There is no public seam for that; were the private one
 * to go, the calls would still end and only the class of the error would change.
 */
export function keepTerminations(stripe: Stripe): void {
  const sender = (stripe as unknown as { _requestSender?: Sender })._requestSender
  const request = sender?._request
  if (sender === undefined || typeof request !== 'function') return
  sender._request = (...args) => {
    const at = args.findIndex((arg) => typeof arg === 'function')
    const callback = args[at] as Callback | undefined
    if (callback !== undefined)
      args[at] = ((error, value) => callback(unwrapped(error), value)) satisfies Callback
    return request.apply(sender, args)
  }
}

function unwrapped(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('detail' in error)) return error
  return Cancelled.isInstance(error.detail) ? error.detail : error
}
