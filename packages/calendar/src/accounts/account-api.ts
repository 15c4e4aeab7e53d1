import type { Http, HttpInit, HttpResponse } from '@yuzuru/http'
import { HttpError } from '@yuzuru/http'
import type { Credentials } from './credentials.ts'
import { CalendarError } from '../calendar-error.ts'
import { type AnswerShape, isObject } from '../wire/answer-shape.ts'
import type { CallContext } from '../wire/translate-error.ts'
import { calendarFailure, isWorthRepeating } from '../wire/translate-error.ts'

/** One request to the API, for one account. */
export interface ApiRequest {
  readonly method: string
  /** Beginning at the root of the API, or a whole URL. */
  readonly url: string
  readonly query?: HttpInit['query']
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: NonNullable<HttpInit['body']>
  readonly json?: unknown
  /** Says that a repeat does no harm, so that our transport may repeat it. Google does not read it. */
  readonly idempotencyKey?: string
}

/**
 * Sends requests in the name of accounts. An access token that is due is replaced first; one that Google
 * refuses is replaced and the request repeated, once: a 401 says that nothing was done.
 */
export class AccountApi {
  readonly #http: Http
  readonly #root: string
  readonly #credentials: Credentials

  constructor(http: Http, root: string, credentials: Credentials) {
    this.#http = http
    this.#root = root
    this.#credentials = credentials
  }

  /** @throws {CalendarError} for any status that is not 200 to 299 */
  async send(call: CallContext, request: ApiRequest): Promise<HttpResponse> {
    const url = new URL(request.url, this.#root)
    const { origin } = new URL(this.#root)
    if (url.origin !== origin) {
      throw new TypeError(`Expected a request to ${origin}: the access token goes nowhere else`)
    }
    const account = await this.#credentials.current(call)
    try {
      return await this.#sendAs(account.tokens.accessToken, url, request)
    } catch (error) {
      if (!isRefused(error)) throw calendarFailure(call, error)
    }
    const renewed = await this.#credentials.renew(call, account)
    try {
      return await this.#sendAs(renewed.tokens.accessToken, url, request)
    } catch (error) {
      throw calendarFailure(call, error)
    }
  }

  /** @throws {CalendarError} unless the answer is an object that holds what was asked for */
  async json<T>(
    call: CallContext,
    request: ApiRequest,
    holds: AnswerShape = () => true,
  ): Promise<T> {
    const response = await this.send(call, request)
    try {
      const answer = await response.json()
      if (isObject(answer) && holds(answer)) return answer as T
    } catch (error) {
      throw calendarFailure(call, error)
    }
    throw notGoogles(call, request.method)
  }

  async #sendAs(accessToken: string, url: URL, request: ApiRequest): Promise<HttpResponse> {
    const { method, query, headers, body, json, idempotencyKey } = request
    return await this.#http.request(url, {
      method,
      retry: { when: isWorthRepeating },
      headers: { ...headers, authorization: `Bearer ${accessToken}` },
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(json === undefined ? {} : { json }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    })
  }
}

function isRefused(error: unknown): boolean {
  return HttpError.isInstance(error) && error.status === 401
}

/** It came with 200, so something may have been done. */
function notGoogles({ operation, reference }: CallContext, method: string): CalendarError {
  const message = `calendar.${operation} failed: the answer does not hold what Google answers; look at what stands between`
  const outcome = method === 'GET' ? 'none' : 'unknown'
  return new CalendarError(message, { operation, reference, code: 'unexpected', outcome })
}
