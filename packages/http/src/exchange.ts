import {
  Cancelled,
  type Clock,
  currentClock,
  type IoProgress,
  TimeoutError,
  type Timer,
} from '@yuzuru/concurrency'
import type { Dispatcher } from 'undici'
import { type CallContext, failure, outcomeOnceSent } from './call-context.ts'
import type { Connection } from './connection.ts'
import type { HttpErrorCode } from './http-error.ts'
import type { RawHeaders } from './http-headers.ts'
import { HttpResponse } from './http-response.ts'
import { type BodySource, ResponseBody } from './response-body.ts'
import type { StopSignal } from './stop-signal.ts'
import { transportFailure } from './transport-failure.ts'
import type { WireBody } from './wire-body.ts'

/** How long each phase may take, in milliseconds. */
interface PhaseLimits {
  readonly headersMs: number
  readonly stallMs: number
  readonly unreadMs: number
}

/** What one sending is about. */
export interface ExchangeInit {
  readonly context: CallContext
  readonly signal: StopSignal
  readonly limits: PhaseLimits
  /** Whether to wait for the whole body before handing over the answer. */
  readonly whole: boolean
  readonly maxBytes: number
  /** The caller's own signal: it also ends a body that is read later. */
  readonly bodySignal: AbortSignal | undefined
  /** When a body that is read later must have come. */
  readonly deadline: { readonly at: number; readonly timeoutMs: number } | undefined
  /** Is told when the first byte goes out. */
  readonly progress: IoProgress
}

/** Told once, when the connection is free or gone. */
export interface ExchangeOwner {
  release(exchange: Exchange): void
}

/**
 * One request on one connection: undici tells it what happens on the wire. Unlike undici's own
 * `request()` it ends at once when its signal fires, also while it waits for a connection, and its
 * clocks cover every phase.
 */
export class Exchange implements Dispatcher.DispatchHandler, BodySource {
  /** The answer: its head, with its body whole or on its way. */
  readonly response: Promise<HttpResponse>
  readonly #init: ExchangeInit
  readonly #clock: Clock = currentClock()
  readonly #body: ResponseBody = new ResponseBody(this)
  readonly #owner: ExchangeOwner
  readonly #requestBody: WireBody | undefined
  /** The connection that it is sent over, if it is one of ours. */
  connection?: Connection
  #resolve!: (response: HttpResponse) => void
  #fail!: (reason: unknown) => void
  #head: HttpResponse | undefined = undefined
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
  #deadline: Timer | undefined = undefined
  #unfollow: (() => void) | undefined = undefined

  constructor(init: ExchangeInit, requestBody: WireBody | undefined, owner: ExchangeOwner) {
    this.#init = init
    this.#requestBody = requestBody
    this.#owner = owner
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#fail = reject
    })
    init.signal.addEventListener('abort', this)
  }

  /** Since when the server waits for a reader that has not come yet; `undefined`: it does not. */
  get unreadSince(): number | undefined {
    return this.#paused && !this.#body.begun ? this.#touchedAt : undefined
  }

  handleEvent(): void {
    this.abort(this.#init.signal.reason)
  }

  taken(more: boolean): void {
    this.#touchedAt = this.#clock.now()
    if (!this.#paused || !more) return
    this.#paused = false
    this.#watch('stalled', this.#init.limits.stallMs)
    this.#controller?.resume()
  }

  abort(reason: unknown): void {
    if (this.#ended) return
    this.#finish()
    this.#reject(reason)
    // Before it has a connection there is nothing to abort: `onRequestStart` will.
    this.#controller?.abort(asError(reason))
  }

  /** Ends it because nobody reads its body. */
  abandon(waitedMs: number): void {
    const { context } = this.#init
    const told = `answered, and nobody read its body for ${Math.round(waitedMs)} ms`
    const outcome = outcomeOnceSent(context)
    this.abort(failure(context, 'body_abandoned', told, { outcome, retryable: false }))
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
    this.connection?.expectHead()
    this.#sent = true
    this.#init.progress.sent = true
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
    const { context } = this.#init
    const coding = headers['transfer-encoding']
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') {
      // What comes is the coded body: nobody could read it, and its end is not to be told.
      const told = 'answered with a Transfer-Encoding other than chunked'
      const outcome = outcomeOnceSent(context)
      this.abort(failure(context, 'invalid_response', told, { outcome, retryable: false }))
      return
    }
    const isDelimited =
      coding !== undefined || headers['content-length'] !== undefined || hasNoBody(context, status)
    this.#head = new HttpResponse({ status, headers, body: this.#body, context, isDelimited })
    this.#watch('stalled', this.#init.limits.stallMs)
    if (this.#init.whole) return
    this.#init.signal.removeEventListener('abort', this)
    this.#followReader()
    this.#resolve(this.#head)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#ended) return
    this.#touchedAt = this.#clock.now()
    this.#received += chunk.byteLength
    const wantsMore = this.#body.push(chunk)
    if (this.#received > this.#init.maxBytes) this.#overflow()
    else if (!wantsMore && !this.#init.whole) this.#pause(controller)
  }

  #pause(controller: Dispatcher.DispatchController): void {
    this.#paused = true
    this.#watch('body_abandoned', this.#init.limits.unreadMs)
    controller.pause()
  }

  onResponseEnd(): void {
    if (this.#ended) return
    if (this.#head?.isDelimited === false && this.connection?.broken === true) {
      const reset = new Error('the connection was reset')
      this.onResponseError(this.#controller, reset)
      return
    }
    this.#finish()
    this.#body.end()
    if (this.#head !== undefined) this.#resolve(this.#head)
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#ended) return
    this.#finish()
    const { context } = this.#init
    const failed = this.#requestBody?.failure
    this.#reject(
      transportFailure(context, failed?.error ?? error, this.#sent, failed !== undefined),
    )
  }

  /** From the head on only what the caller said of this very call binds the body. */
  #followReader(): void {
    const { bodySignal, deadline, context } = this.#init
    const name = `http.${context.method}`
    if (bodySignal !== undefined) {
      const cancel = (): void => {
        const told = `"${name}" was cancelled by a signal`
        const cause: unknown = bodySignal.reason
        this.abort(new Cancelled(told, { source: 'signal', scope: name, cause }))
      }
      bodySignal.addEventListener('abort', cancel, { once: true })
      this.#unfollow = () => bodySignal.removeEventListener('abort', cancel)
    }
    if (deadline === undefined) return
    const { at, timeoutMs } = deadline
    this.#deadline = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => {
      const told = `the body of "${name}" did not come within ${timeoutMs} ms`
      const outcome = outcomeOnceSent(context)
      this.abort(new TimeoutError(told, { scope: name, timeoutMs, outcome }))
    })
  }

  /** Cuts the answer off. The status still counts: what is wrong with it goes before its length. */
  #overflow(): void {
    const error = tooLarge(this.#init)
    this.#body.cut(error)
    if (this.#init.whole && this.#head !== undefined) this.#resolve(this.#head)
    this.abort(error)
  }

  #reject(reason: unknown): void {
    this.#fail(reason)
    this.#body.fail(reason)
  }

  #finish(): void {
    this.#ended = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#deadline?.cancel()
    this.#unfollow?.()
    this.#init.signal.removeEventListener('abort', this)
    // Nobody takes the rest, also when the answer came early.
    this.#requestBody?.stop(ENDED)
    this.#owner.release(this)
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
    if (this.#limit === 'body_abandoned') {
      this.abandon(this.#limitMs)
      return
    }
    const { context } = this.#init
    const told =
      this.#limit === 'stalled'
        ? `moved no byte for ${this.#limitMs} ms`
        : `was sent, and no answer began within ${this.#limitMs} ms`
    const outcome = outcomeOnceSent(context)
    this.abort(failure(context, this.#limit, told, { outcome, retryable: true }))
  }
}

/** Whether an answer of this kind never has a body (RFC 9112, 6.3). */
function hasNoBody({ method }: CallContext, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

const ENDED = new Error('the request ended before its body')

/** The error for a body that is longer than it may be. */
function tooLarge({ context, maxBytes }: ExchangeInit): Error {
  const told = `answered with more than the ${maxBytes} bytes that "maxBytes" allows`
  const outcome = outcomeOnceSent(context)
  return failure(context, 'too_large', told, { outcome, retryable: false })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
