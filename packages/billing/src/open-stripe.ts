import { Cancelled } from '@yuzuru/concurrency'
import type { Http } from '@yuzuru/http'
import { Stripe } from 'stripe'
import type { ApiBase } from './api-base.ts'
import type { RepeatPolicy } from './send-request.ts'
import { StripeHttpClient } from './stripe-http-client.ts'
import { NATIVE_CALL, translateError } from './translate-error.ts'

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
  translateFailures(stripe)
  return stripe
}

type Callback = (error: unknown, value?: unknown) => void
type Sender = { _request?: (...args: unknown[]) => unknown }

/**
 * Has every call of `stripe` fail as the package's own verbs do: with a `BillingError` that says what
 * may have happened (stripe-node's error is its `cause`), or with the cancel or deadline that ended it.
 * stripe-node makes a "connection error" of whatever its HTTP client throws, with the original in
 * `detail`, and has no public seam for errors; were the private one to go, the table of faults in
 * `open-stripe.test.ts` says so.
 */
export function translateFailures(stripe: Stripe): void {
  const sender = (stripe as unknown as { _requestSender?: Sender })._requestSender
  const request = sender?._request
  if (sender === undefined || typeof request !== 'function') return
  sender._request = (...args) => {
    const at = args.findIndex((arg) => typeof arg === 'function')
    const callback = args[at] as Callback | undefined
    if (callback !== undefined) {
      const read = args[0] === 'GET'
      args[at] = ((error, value) => callback(nativeFailure(read, error), value)) satisfies Callback
    }
    return request.apply(sender, args)
  }
}

function nativeFailure(read: boolean, error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  const detail = 'detail' in error ? error.detail : undefined
  if (Cancelled.isInstance(detail)) return detail
  return translateError(NATIVE_CALL, read)(error, read ? 'none' : 'unknown')
}
