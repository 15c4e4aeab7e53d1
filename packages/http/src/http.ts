import { io } from '@yuzuru/concurrency'
import { Attempts } from './attempts.ts'
import { type CallContext, failure } from './call-context.ts'
import { Closing } from './closing.ts'
import { hedged } from './hedge.ts'
import type { HttpOptions } from './http-options.ts'
import type { HttpHandler, HttpInit, HttpRequest } from './http-request.ts'
import type { HttpResponse } from './http-response.ts'
import { Origins } from './origins.ts'
import { prepare, type PreparedCall } from './prepare.ts'
import { type Hop, isRedirect, nextHop } from './redirects.ts'
import { send } from './send.ts'
import { expectSettings, type Settings } from './settings.ts'

/** What one client does at the moment. */
export interface HttpStats {
  /** Calls that have not ended, whether they wait, are sent or repeat. */
  readonly active: number
  readonly origins: readonly {
    readonly origin: string
    /** Requests that hold a connection. */
    readonly running: number
    /** Requests that wait for one. */
    readonly queued: number
  }[]
}

export interface CloseOptions {
  /** How long calls that are under way may take to end, in milliseconds. @default 10_000 */
  readonly drainMs?: number
}

/** A pooled HTTP client. Made by {@link createHttp}. */
export interface Http extends AsyncDisposable {
  /**
   * Sends a request and resolves with the whole answer.
   *
   * @throws {HttpError} also for a status that is not accepted
   * @throws {TimeoutError} when its deadline passed
   */
  request(url: string | URL, init?: HttpInit): Promise<HttpResponse>
  /**
   * Sends a request and resolves with the JSON of the answer. `T` is what you expect: it is not checked.
   *
   * @throws {HttpError} `'invalid_body'` when it is no JSON
   */
  json<T = unknown>(url: string | URL, init?: HttpInit): Promise<T>
  /**
   * Sends a request and resolves as soon as the head of the answer is there. The deadline covers the
   * time up to then; the body is bound by whoever reads it, and by `timeouts.stallMs`.
   */
  stream(url: string | URL, init?: HttpInit): Promise<HttpResponse>
  stats(): HttpStats
  /** Takes no more calls, waits for those under way, then closes the connections. */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Makes a client. Its connections are opened when they are needed; close it when you are done.
 *
 * @throws {TypeError} when an option is none
 * @example
 * await using http = createHttp({ origin: 'https://api.example.com', connections: 20 })
 * const user = await withTimeout(2_000, () => http.json<User>('/users/1'))
 */
export function createHttp(options: HttpOptions = {}): Http {
  return new PooledHttp(expectSettings(options))
}

class PooledHttp implements Http {
  readonly #settings: Settings
  readonly #origins: Origins
  readonly #closing: Closing

  constructor(settings: Settings) {
    this.#settings = settings
    this.#origins = new Origins(settings)
    this.#closing = new Closing(this.#origins)
  }

  async request(url: string | URL, init: HttpInit = {}): Promise<HttpResponse> {
    return await this.#perform(prepare(this.#settings, url, init, true), true)
  }

  async json<T = unknown>(url: string | URL, init: HttpInit = {}): Promise<T> {
    const headers = { accept: 'application/json', ...init.headers }
    const response = await this.request(url, { ...init, headers })
    return await response.json<T>()
  }

  async stream(url: string | URL, init: HttpInit = {}): Promise<HttpResponse> {
    return await this.#perform(prepare(this.#settings, url, init, false), false)
  }

  stats(): HttpStats {
    const origins = Array.from(this.#origins, ({ name, exchanges, queued }) => {
      return { origin: name, running: exchanges.size, queued }
    })
    return { active: this.#closing.active, origins }
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await this.#closing.close(options.drainMs ?? 10_000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #perform(call: PreparedCall, whole: boolean): Promise<HttpResponse> {
    const { context } = call
    const operation = { boundary: 'http', operation: context.method, effect: context.effect }
    return await io(operation, call.options, async (signal, progress) => {
      progress.sent = false
      this.#closing.enter(context)
      try {
        const onSent = (): void => {
          progress.sent = true
        }
        const handler = this.#handler(call, whole, onSent)
        const origin = this.#origins.get(context.url.origin)
        return await new Attempts(call, origin, this.#settings.retry, progress, handler).run(signal)
      } finally {
        this.#closing.leave()
      }
    })
  }

  #handler(call: PreparedCall, whole: boolean, onSent: () => void): HttpHandler {
    const sendOnce: HttpHandler = (request) => this.#sendHops(call, request, whole, onSent)
    return this.#settings.interceptors.reduceRight((next, wrap) => wrap(next), sendOnce)
  }

  async #sendHops(
    call: PreparedCall,
    request: HttpRequest,
    whole: boolean,
    onSent: () => void,
  ): Promise<HttpResponse> {
    let hop: Hop = request
    for (let count = 0; ; count += 1) {
      const { method, url } = hop
      const context: CallContext = { method, url, effect: call.context.effect }
      const response = await this.#sendHop(call, context, hop, request.signal, whole, onSent)
      if (call.redirect !== 'follow' || !isRedirect(response)) return response
      response[Symbol.dispose]()
      if (count >= this.#settings.maxRedirects) {
        const told = `was redirected more than ${this.#settings.maxRedirects} times`
        throw failure(context, 'too_many_redirects', told, { outcome: 'none', retryable: false })
      }
      hop = nextHop(context, hop, response)
    }
  }

  async #sendHop(
    call: PreparedCall,
    context: CallContext,
    hop: Hop,
    signal: AbortSignal,
    whole: boolean,
    onSent: () => void,
  ): Promise<HttpResponse> {
    const origin = this.#origins.get(context.url.origin)
    const { headers, body } = hop
    const { maxBytes } = call
    const fixed = { context, headers, body, whole, maxBytes, onSent, closing: this.#closing }
    const sendIt = (signal: AbortSignal): Promise<HttpResponse> =>
      send(origin, this.#settings, { ...fixed, signal })
    const { hedge } = this.#settings
    if (hedge === undefined || (context.method !== 'GET' && context.method !== 'HEAD')) {
      return await sendIt(signal)
    }
    const mayHedge = (): boolean => origin.hasFree && origin.budget?.take() !== false
    return await hedged(hedge.delayMs, signal, mayHedge, ({ ok }) => ok, sendIt)
  }
}
