import type { Readable } from 'node:stream'
import { Redaction } from '@yuzuru/concurrency/boundary'
import type { HttpResponse } from '@yuzuru/http'
import { Stripe } from 'stripe'

type JsonObject = Record<string, unknown>

/** An answer as stripe-node wants it. Its body has come in whole. */
export class StripeResponse extends Stripe.HttpClientResponse {
  readonly #response: HttpResponse

  constructor(response: HttpResponse) {
    super(response.status, response.headers.toJSON())
    this.#response = response
  }

  override getRawResponse(): object {
    return { statusCode: this.#response.status, headers: this.getHeaders() }
  }

  override toStream(onComplete: () => void): Readable {
    const stream = this.#response.readable()
    stream.once('end', onComplete)
    return stream
  }

  /**
   * stripe-node takes JSON without an `error` for a success whatever its status, and drops the status
   * when there is no JSON: a refusal by something else than Stripe is made to look like one of Stripe's.
   */
  override async toJSON(): Promise<JsonObject> {
    const { ok, status } = this.#response
    const text = await this.#response.text()
    if (ok) return expectJsonObject(this._parseResponseBody(text))
    const refusal = refusalOf(new Redaction().body(text).json)
    if (refusal !== undefined) return refusal
    return {
      error: { type: 'api_error', message: `The answer was ${status} and not Stripe's own` },
    }
  }
}

/**
 * stripe-node reads fields of whatever came, outside of any promise that its caller holds: `null` or a text
 * would end the process.
 */
function expectJsonObject(body: unknown): JsonObject {
  if (typeof body === 'object' && body !== null) return body as JsonObject
  throw new SyntaxError('The answer is JSON and no object')
}

/** Stripe's own refusal, if it is one. */
function refusalOf(body: unknown): JsonObject | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  return typeof body.error === 'object' && body.error !== null ? body : undefined
}
