import { io, type IoProgress, type Outcome } from '@yuzuru/concurrency'
import { type CloseOptions, type Closing, closing, onCancel } from '@yuzuru/concurrency/boundary'
import { Attempts } from './attempts/attempts.ts'
import { type CallContext, failure, refusedEntry } from './errors/call-context.ts'
import { Stopper } from './exchange/stop-signal.ts'
import type { HttpOptions } from './http-options.ts'
import type { HttpInit } from './request/http-init.ts'
import type { HttpResponse } from './response/http-response.ts'
import { Origins } from './attempts/origins.ts'
import { Pipeline } from './attempts/pipeline.ts'
import type { PreparedCall } from './attempts/prepared-call.ts'
import { prepare } from './prepare.ts'
import { expectSettings, type Settings } from './settings.ts'

/** What one client does at the moment. */
export interface HttpStats {
  /** Calls that have not ended, whether they wait, are sent or repeat; answers of `stream` whose body has not. */
  readonly active: number
  readonly origins: readonly {
    readonly origin: string
    /** Requests that hold a connection. */
    readonly running: number
    /** Requests that wait for one. */
    readonly queued: number
  }[]
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
   * Sends a request and resolves as soon as the head of the answer is there. The body is bound by the
   * scope of whoever reads it, by `timeouts.stallMs`, and by the `signal` and `timeoutMs` of this call;
   * `timeouts.totalMs` only covers the time up to the head.
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

/** How long calls that were cut off may take to notice, in milliseconds: they have nothing to undo. */
const UNDO_MS = 1_000

class PooledHttp implements Http {
  readonly #settings: Settings
  readonly #origins: Origins
  readonly #closing: Closing<CallContext>

  constructor(settings: Settings) {
    this.#settings = settings
    this.#origins = new Origins(settings)
    const end = (): Promise<void> => this.#origins.destroy()
    this.#closing = closing({ name: 'http', refuse: refusedEntry, cut: end, undoMs: UNDO_MS, end })
  }

  async request(url: string | URL, init: HttpInit = {}): Promise<HttpResponse> {
    return await this.#perform(prepare(this.#settings, url, init, 'request'))
  }

  async json<T = unknown>(url: string | URL, init: HttpInit = {}): Promise<T> {
    const response = await this.#perform(prepare(this.#settings, url, init, 'json'))
    return await response.json<T>()
  }

  async stream(url: string | URL, init: HttpInit = {}): Promise<HttpResponse> {
    return await this.#perform(prepare(this.#settings, url, init, 'stream'))
  }

  stats(): HttpStats {
    const origins = Array.from(this.#origins, ({ name, connections }) => {
      return { origin: name, running: connections.running, queued: connections.queued }
    })
    return { active: this.#closing.active, origins }
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#closing.close(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #perform(call: PreparedCall): Promise<HttpResponse> {
    const { method: operation, effect } = call.context
    const translate = unexpected(call)
    return io(
      { boundary: 'http', operation, effect, translate },
      call.options,
      (signal, progress) => this.#run(call, signal, progress),
    )
  }

  async #run(call: PreparedCall, signal: AbortSignal, progress: IoProgress): Promise<HttpResponse> {
    const closing = this.#closing
    const settings = this.#settings
    progress.sent = false
    using _call = closing.enter(call.context)
    const stop = new Stopper()
    using _off = { [Symbol.dispose]: onCancel((reason) => stop.abort(reason)) }
    const origins = this.#origins
    const { budget } = origins.get(call.context.url.origin)
    const { handler } = new Pipeline(call, { settings, origins, closing, progress, stop })
    const { retry: policy } = settings
    return await new Attempts({ call, policy, budget, progress, closing, handler }).run(signal)
  }
}

/** Makes an error of what no part of ours has thrown: an interceptor, say. */
function unexpected({ context }: PreparedCall): (error: unknown, outcome: Outcome) => Error {
  return (cause, outcome) =>
    failure(context, 'unexpected', 'failed', { outcome, retryable: false, cause })
}
