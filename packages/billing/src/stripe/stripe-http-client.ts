import type { Outcome } from '@yuzuru/concurrency'
import type { Http } from '@yuzuru/http'
import { Stripe } from 'stripe'
import { type RepeatPolicy, sendRequest } from './send-request.ts'
import { StripeResponse } from './stripe-response.ts'

/** Outcomes of attempts before the last one, by the headers that stripe-node hands on to its errors. */
const earlierOutcomes = new WeakMap<object, Outcome>()

/** Whether an attempt before the one that `error` is about may have had its effect. */
export function earlierOutcomeOf(error: { readonly headers?: unknown }): Outcome {
  const { headers } = error
  if (typeof headers !== 'object' || headers === null) return 'none'
  return earlierOutcomes.get(headers) ?? 'none'
}

/**
 * What stripe-node sends its requests with. It obeys the ambient scope, for `@yuzuru/http` does:
 * stripe-node itself takes no `AbortSignal`.
 */
export class StripeHttpClient extends Stripe.HttpClient {
  readonly #http: Http
  readonly #policy: RepeatPolicy

  constructor(http: Http, policy: RepeatPolicy) {
    super()
    this.#http = http
    this.#policy = policy
  }

  override getClientName(): string {
    return 'yuzuru'
  }

  override async makeRequest(
    host: string,
    port: string,
    path: string,
    method: string,
    headers: object,
    body: string,
    protocol: string,
    timeoutMs: number,
  ): Promise<StripeResponse> {
    const url = new URL(`${protocol === 'http' ? 'http' : 'https'}://${host}`)
    url.port = port
    const withBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
    const init = {
      method,
      headers: sendable(headers),
      timeoutMs,
      ...(withBody ? { body: body || '' } : {}),
    }
    const exchange = await sendRequest(this.#http, url.origin + path, init, this.#policy)
    const response = new StripeResponse(exchange.response)
    earlierOutcomes.set(response.getHeaders(), exchange.earlier)
    return response
  }
}

/** The headers without the length, which the transport adds. */
function sendable(headers: object): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers) as [
    string,
    string | number | string[] | null | undefined,
  ][]) {
    if (value === undefined || value === null || name.toLowerCase() === 'content-length') continue
    kept[name] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return kept
}
