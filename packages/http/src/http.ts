import { io, type IoProgress, type Outcome } from '@yuzuru/concurrency'
import { type CloseOptions, type Closing, closing } from '@yuzuru/concurrency/boundary'
import { Attempts } from './attempts/attempts.ts'
import { type CallContext, failure, refusedEntry } from './errors/call-context.ts'
import { followCancel, Stopper } from './exchange/stop-signal.ts'
import type { HttpOptions } from './http-options.ts'
import type { HttpInit } from './request/http-init.ts'
import type { HttpResponse } from './response/http-response.ts'
import { Origins } from './attempts/origins.ts'
import { Pipeline } from './attempts/pipeline.ts'
import type { PreparedCall } from './attempts/prepared-call.ts'
import { prepare } from './prepare.ts'
import { expectSettings, type Settings } from './settings.ts'

/** How many calls of a client are under way and waiting. */
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
   * Sends a request and resolves with the whole answer. Use `stream` for a body that may be long or
   * that should be read as it comes.
   *
   * One deadline covers all of it: the queue, the connection, the answer, the waits and the repeats. A
   * cancel of the scope around it ends it wherever it is. It is repeated only where that is safe: a `GET`,
   * `HEAD`, `PUT` or `DELETE`, or a request with an `idempotencyKey`, with a body that can be sent again.
   *
   * @throws {HttpError} with `code` and `outcome`; also for a status that `acceptStatus` does not accept
   * @throws {TimeoutError} when `timeoutMs` or `timeouts.totalMs` has passed
   * @throws {Cancelled} when the scope around it, or `signal`, was cancelled
   * @throws {TypeError} before anything is sent, unless `url` and `init` make a request that may be sent
   * @example
   * const response = await http.request('/files/7', { method: 'PUT', body: createReadStream(path) })
   * console.log(response.status, response.headers.get('etag'))
   */
  request(url: string | URL, init?: HttpInit): Promise<HttpResponse>
  /**
   * Sends a request and resolves with the JSON of the answer. Asks for `application/json`.
   *
   * `T` is what you expect and is not checked: validate what others send you. An empty answer (204) is
   * no JSON; use `request` for calls that have one.
   *
   * @throws {HttpError} `'invalid_body'` unless the answer is JSON; else as `request` does
   * @example
   * const user = await http.json<User>('/users', { json: { name: 'Aoba' }, idempotencyKey: id })
   */
  json<T = unknown>(url: string | URL, init?: HttpInit): Promise<T>
  /**
   * Sends a request and resolves as soon as the head of the answer is there.
   *
   * The answer holds its connection until its body is read to the end or it is disposed of. The body is
   * bound by the scope that reads it, by `timeouts.stallMs` and `timeouts.unreadMs`, and by the `signal`
   * and `timeoutMs` of this call; `timeouts.totalMs` only covers the time up to the head. A body that
   * breaks off is not repeated.
   *
   * For bodies of a few MiB `request` is simpler: it needs no `using`.
   *
   * @throws as `request` does, up to the head; reading the body throws later failures
   * @example
   * using answer = await http.stream('/export.csv')
   * for await (const chunk of answer.body) await file.write(chunk)
   */
  stream(url: string | URL, init?: HttpInit): Promise<HttpResponse>
  /** How many calls are under way and waiting now. For metrics; it costs no I/O. */
  stats(): HttpStats
  /**
   * Takes no more calls, waits for those under way, and then closes the connections. What has not ended
   * after `drainMs` is cut off: it fails with `'closed'` and says what may have happened.
   *
   * A second call awaits the first. A cancel around it does not shorten it.
   *
   * @throws {TypeError} when an option is unknown or out of its range, before anything is closed
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Makes a client. Make one for each service and keep it: its connections are opened when they are needed
 * and serve all calls. `await using` or `close()` ends it.
 *
 * It is not for HTTP/2, cookies or caching. For URLs that users enter set `allow: 'public'`.
 *
 * @throws {TypeError} when an option is unknown or out of its range, or two options contradict each other
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
    progress.sent = false
    const closing = this.#closing
    const counted = closing.enter(call.context)
    const stop = new Stopper()
    const unfollow = followCancel(stop)
    try {
      const settings = this.#settings
      const origins = this.#origins
      const { origin } = call.context.url
      const { budget } = origins.get(origin)
      const marginMs =
        settings.budget?.reaches(origin) === true ? settings.budget.marginMs : undefined
      const shared = { settings, origins, closing, progress, signal, stop }
      const sending = new Pipeline(call, shared)
      const policy = settings.retry
      const init = { call, policy, budget, marginMs, progress, closing, sending }
      return await new Attempts(init).run(signal)
    } finally {
      unfollow()
      counted.release()
    }
  }
}

/** Makes an error of what no part of ours has thrown: an interceptor, say. */
function unexpected({ context }: PreparedCall): (error: unknown, outcome: Outcome) => Error {
  return (cause, outcome) =>
    failure(context, 'unexpected', 'failed', { outcome, retryable: false, cause })
}
