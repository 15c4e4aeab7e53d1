import { type Clock, currentClock, type Timer } from '@yuzuru/concurrency'
import type { Dispatcher } from 'undici'
import { type CallContext, failure, outcomeOnceSent } from './call-context.ts'
import type { HttpErrorCode } from './http-error.ts'
import type { RawHeaders } from './http-headers.ts'
import { tooLarge } from './http-response.ts'
import { type BodySource, ResponseBody } from './response-body.ts'
import { transportFailure } from './transport-failure.ts'
import type { WireBody } from './wire-body.ts'

/** How long each phase may take, in milliseconds. */
export interface PhaseLimits {
  readonly headersMs: number
  readonly stallMs: number
  readonly unreadMs: number
}

export interface ExchangeInit {
  readonly context: CallContext
  readonly signal: AbortSignal
  readonly limits: PhaseLimits
  /** Whether to wait for the whole body before handing over the answer. */
  readonly whole: boolean
  readonly maxBytes: number
  readonly requestBody: WireBody | undefined
  /** Called just before the first byte goes out. */
  readonly onSent: () => void
  /** Called once, when the connection is free or gone. */
  readonly onEnd: () => void
}

/** The head of an answer, with its body: whole, or on its way. */
export interface Answer {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: ResponseBody
}

/**
 * One request on one connection: undici tells it what happens on the wire. Unlike undici's own
 * `request()` it ends at once when its signal fires, also while it waits for a connection, and its
 * clocks cover every phase.
 */
export class Exchange implements Dispatcher.DispatchHandler, BodySource {
  readonly answer: Promise<Answer>
  readonly #init: ExchangeInit
  readonly #clock: Clock = currentClock()
  readonly #body: ResponseBody = new ResponseBody(this)
  readonly #settle: PromiseWithResolvers<Answer> = Promise.withResolvers()
  #head: Answer | undefined = undefined
  #controller: Dispatcher.DispatchController | undefined = undefined
  #sent = false
  #ended = false
  #received = 0
  #paused = false
  #limit: HttpErrorCode = 'headers_timeout'
  #limitMs = Infinity
  #touchedAt = 0
  #firesAt = Infinity
  #timer: Timer | undefined = undefined

  constructor(init: ExchangeInit) {
    this.#init = init
    this.answer = this.#settle.promise
    init.signal.addEventListener('abort', this)
  }

  /** Whether the server waits for a reader that has not come yet. */
  get isUnread(): boolean {
    return this.#paused && !this.#body.begun
  }

  handleEvent(): void {
    this.abort(this.#init.signal.reason)
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#watch('stalled', this.#init.limits.stallMs)
    this.#controller?.resume()
  }

  abort(reason: unknown): void {
    if (this.#ended) return
    this.#finish()
    this.#init.requestBody?.stop(reason)
    this.#reject(reason)
    // Before it has a connection there is nothing to abort: `onRequestStart` will.
    this.#controller?.abort(asError(reason))
  }

  /** Ends it because the client is closed. */
  close(): void {
    const { context } = this.#init
    const outcome = this.#sent ? outcomeOnceSent(context) : 'none'
    const told = 'was cut off: the client was closed'
    this.abort(failure(context, 'closed', told, { outcome, retryable: false }))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) {
      controller.abort(new Error('cancelled before it was sent'))
      return
    }
    this.#controller = controller
    this.#sent = true
    this.#init.onSent()
    this.#watch('stalled', this.#init.limits.stallMs)
  }

  onBodySent(): void {
    this.#touchedAt = this.#clock.now()
  }

  onRequestSent(): void {
    if (this.#head === undefined) this.#watch('headers_timeout', this.#init.limits.headersMs)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: RawHeaders,
  ): void {
    if (this.#ended || status < 200) return
    this.#controller ??= controller
    this.#head = { status, headers, body: this.#body }
    this.#watch('stalled', this.#init.limits.stallMs)
    if (this.#init.whole) return
    this.#init.signal.removeEventListener('abort', this)
    this.#settle.resolve(this.#head)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#ended) return
    this.#touchedAt = this.#clock.now()
    this.#received += chunk.byteLength
    if (this.#received > this.#init.maxBytes) {
      this.#overflow()
      return
    }
    if (this.#body.push(chunk) || this.#init.whole) return
    this.#paused = true
    this.#watch('body_abandoned', this.#init.limits.unreadMs)
    controller.pause()
  }

  onResponseEnd(): void {
    if (this.#ended) return
    this.#finish()
    this.#body.end()
    if (this.#head !== undefined) this.#settle.resolve(this.#head)
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#ended) return
    this.#finish()
    const { context, requestBody } = this.#init
    const failed = requestBody?.failure
    requestBody?.stop(error)
    this.#reject(
      transportFailure(context, failed?.error ?? error, this.#sent, failed !== undefined),
    )
  }

  /** Cuts the answer off. The status still counts: what is wrong with it goes before its length. */
  #overflow(): void {
    const error = tooLarge(this.#init.context, this.#init.maxBytes)
    if (this.#init.whole && this.#head !== undefined) this.#settle.resolve(this.#head)
    this.abort(error)
  }

  #reject(reason: unknown): void {
    this.#settle.reject(reason)
    // Who waits for the head hears of it there; nobody may be left to.
    this.answer.catch(() => undefined)
    this.#body.fail(reason)
  }

  #finish(): void {
    this.#ended = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#init.signal.removeEventListener('abort', this)
    this.#init.onEnd()
  }

  /** Sets what may last how long from now on. A timer that is early looks again when it fires. */
  #watch(limit: HttpErrorCode, limitMs: number): void {
    this.#limit = limit
    this.#limitMs = limitMs
    this.#touchedAt = this.#clock.now()
    if (this.#touchedAt + limitMs < this.#firesAt) this.#arm(limitMs)
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    this.#firesAt = this.#clock.now() + delayMs
    this.#timer = this.#clock.schedule(delayMs, () => this.#check())
  }

  #check(): void {
    this.#firesAt = Infinity
    if (this.#limitMs === Infinity) return
    const left = this.#touchedAt + this.#limitMs - this.#clock.now()
    if (left > 0) {
      this.#arm(left)
      return
    }
    const { context } = this.#init
    const outcome = outcomeOnceSent(context)
    const told = TOLD[this.#limit]?.(this.#limitMs) ?? 'took too long'
    const retryable = this.#limit !== 'body_abandoned'
    this.abort(failure(context, this.#limit, told, { outcome, retryable }))
  }
}

const TOLD: Partial<Record<HttpErrorCode, (limitMs: number) => string>> = {
  headers_timeout: (ms) => `was sent, and no answer began within ${ms} ms`,
  stalled: (ms) => `moved no byte for ${ms} ms`,
  body_abandoned: (ms) => `answered, and nobody read its body for ${ms} ms`,
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
