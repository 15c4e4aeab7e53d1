import { Cancelled, io, isCausedBy } from '@yuzuru/concurrency'
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
 * Makes each call of `stripe` a call of this boundary: it fails as the package's own verbs do, with a
 * `BillingError` that says what may have happened (`nativeErrorOf` gives stripe-node's error), or with the cancel
 * or deadline that ended it. stripe-node makes a "connection error" of whatever its HTTP client throws,
 * with the original in `detail`, and has no public seam for that; were the private one to go, the table of
 * faults in `open-stripe.test.ts` says so.
 */
export function translateFailures(stripe: Stripe): void {
  const sender = (stripe as unknown as { _requestSender?: Sender })._requestSender
  const request = sender?._request
  if (sender === undefined || typeof request !== 'function') return
  sender._request = (...args) => {
    const at = args.findIndex((arg) => typeof arg === 'function')
    const callback = args[at] as Callback | undefined
    if (callback === undefined) return request.apply(sender, args)
    const send = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const settle: Callback = (error, value) => {
          if (error) reject(unwrapped(error))
          else resolve(value)
        }
        request.apply(sender, args.with(at, settle))
      })
    void settleWith(nativeCall(args[0] === 'GET', send), callback)
    return undefined
  }
}

/** Calls back once `call` has settled, outside of it: what the callback throws is not the call's, and is not caught. */
async function settleWith(call: Promise<unknown>, callback: Callback): Promise<void> {
  try {
    const value = await call
    process.nextTick(callback, null, value)
  } catch (error) {
    process.nextTick(callback, error)
  }
}

/** All that stripe-node sends is a read, a DELETE, or carries an idempotency key. */
async function nativeCall(read: boolean, send: () => Promise<unknown>): Promise<unknown> {
  const effect = read ? 'read' : 'idempotent'
  const translate = translateError(NATIVE_CALL, read)
  const call = { boundary: 'billing', operation: NATIVE_CALL, effect, translate } as const
  return await io(call, undefined, async (signal, progress) => {
    // What is sent within notes by itself whether a cancel found anything sent.
    progress.sent = false
    try {
      return await send()
    } catch (error) {
      progress.sent = !isCausedBy(error, signal.reason)
      throw error
    }
  })
}

function unwrapped(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('detail' in error)) return error
  return Cancelled.isInstance(error.detail) ? error.detail : error
}
