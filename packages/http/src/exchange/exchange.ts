import { Cancelled, type IoProgress, TimeoutError, type Timer } from '@yuzuru/concurrency'
import type { Dispatcher } from 'undici'
import { type CallContext, outcomeOnceSent } from '../errors/call-context.ts'
import type { Connection } from '../connections/connection.ts'
import type { Occupant } from '../connections/origin-connections.ts'
import { ContentDecoder, type DecoderOutput, withoutEncoding } from '../response/content-decoder.ts'
import {
  codedTransfer,
  cutOff,
  hasNoBody,
  type Phase,
  tooLarge,
  tooLate,
  undecodable,
} from './exchange-failures.ts'
import type { RawHeaders } from '../response/http-headers.ts'
import { HttpResponse } from '../response/http-response.ts'
import { PhaseClock } from './phase-clock.ts'
import { type BodySource, ResponseBody } from '../response/response-body.ts'
import type { StopSignal } from './stop-signal.ts'
import { transportFailure } from './transport-failure.ts'
import type { WireBody } from '../request/wire-body.ts'

/** How long each phase may take, in milliseconds. */
export interface PhaseLimits {
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
  /** Whether to take the Content-Encoding off. */
  readonly decompress: boolean
  /** The caller's own signal: it also ends a body that is read later. */
  readonly bodySignal: AbortSignal | undefined
  /** When a body that is read later must have come. */
  readonly deadline: { readonly at: number; readonly timeoutMs: number } | undefined
  /** Is told when the first byte goes out. */
  readonly progress: IoProgress
}

/** What holds the connection of an exchange. */
export interface ExchangeOwner {
  /** The answer is handed to its reader, and its body is still on its way. */
  handOver(): void
  /** Called once, when the connection is free or gone. */
  release(exchange: Exchange): void
}

/**
 * One request on one connection: undici tells it what happens on the wire. Unlike undici's own
 * `request()` it ends at once when its signal fires, also while it waits for a connection, and its
 * clocks cover every phase.
 */
export class Exchange implements Occupant, BodySource, DecoderOutput {
  /** The answer: its head, with its body whole or on its way. */
  readonly response: Promise<HttpResponse>
  readonly #init: ExchangeInit
  readonly #phase = new PhaseClock<Phase>((phase, limitMs) => {
    this.abort(tooLate(this.#init.context, phase, limitMs))
  })
  readonly #body: ResponseBody = new ResponseBody(this)
  readonly #owner: ExchangeOwner
  readonly #requestBody: WireBody | undefined
  /** The connection that it is sent over, if it is one of ours. */
  connection?: Connection
  place = -1
  #resolve!: (response: HttpResponse) => void
  #fail!: (reason: unknown) => void
  #head: HttpResponse | undefined = undefined
  #controller: Dispatcher.DispatchController | undefined = undefined
  #sent = false
  #ended = false
  #received = 0
  #paused = false
  #decoder: ContentDecoder | undefined = undefined
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
    return this.#paused && !this.#body.begun ? this.#phase.touchedAt : undefined
  }

  handleEvent(): void {
    this.abort(this.#init.signal.reason)
  }

  taken(more: boolean): void {
    this.#phase.touch()
    if (!this.#paused || !more) return
    this.#paused = false
    this.#phase.begin('stalled', this.#init.limits.stallMs)
    this.#decoder?.resume()
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
    this.abort(tooLate(this.#init.context, 'body_abandoned', waitedMs))
  }

  /** Ends it because the client is closed. */
  close(): void {
    this.abort(cutOff(this.#init.context, this.#sent))
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
    this.#phase.begin('stalled', this.#init.limits.stallMs)
  }

  onBodySent(): void {
    this.#phase.touch()
  }

  onRequestSent(): void {
    if (this.#head === undefined) this.#phase.begin('headers_timeout', this.#init.limits.headersMs)
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
      this.abort(codedTransfer(context))
      return
    }
    const isDelimited =
      coding !== undefined || headers['content-length'] !== undefined || hasNoBody(context, status)
    // HEAD only tells of an encoding.
    if (this.#init.decompress && !hasNoBody(context, status)) {
      this.#decoder = ContentDecoder.for(headers, this)
    }
    const meant = this.#decoder === undefined ? headers : withoutEncoding(headers)
    this.#head = new HttpResponse({
      status,
      headers: meant,
      body: this.#body,
      context,
      isDelimited,
    })
    this.#phase.begin('stalled', this.#init.limits.stallMs)
    if (this.#init.whole) return
    this.#init.signal.removeEventListener('abort', this)
    this.#followReader()
    this.#owner.handOver()
    this.#resolve(this.#head)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#ended) return
    this.#phase.touch()
    if (this.#decoder === undefined) this.decoded(chunk)
    else if (!this.#decoder.write(chunk)) controller.pause()
  }

  decoded(chunk: Uint8Array): void {
    if (this.#ended) return
    this.#received += chunk.byteLength
    const wantsMore = this.#body.push(chunk)
    if (this.#received > this.#init.maxBytes) this.#overflow()
    else if (!wantsMore && !this.#init.whole) this.#pause()
  }

  drained(): void {
    if (!this.#ended && !this.#paused) this.#controller?.resume()
  }

  undecodable(cause: Error): void {
    this.abort(undecodable(this.#init.context, cause))
  }

  #pause(): void {
    this.#paused = true
    this.#phase.begin('body_abandoned', this.#init.limits.unreadMs)
    this.#decoder?.pause()
    this.#controller?.pause()
  }

  onResponseEnd(): void {
    if (this.#ended) return
    if (this.#head?.isDelimited === false && this.connection?.broken === true) {
      this.onResponseError(this.#controller, new Error('the connection was reset'))
      return
    }
    if (this.#decoder === undefined) {
      this.decodedAll()
      return
    }
    this.#decoder.end()
    // The connection may be another request's by now.
    this.#controller = undefined
  }

  decodedAll(): void {
    if (this.#ended) return
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
    const { clock } = this.#phase
    this.#deadline = clock.schedule(Math.max(0, at - clock.now()), () => {
      const told = `the body of "${name}" did not come within ${timeoutMs} ms`
      const outcome = outcomeOnceSent(context)
      this.abort(new TimeoutError(told, { scope: name, timeoutMs, outcome }))
    })
  }

  /** Cuts the answer off. The status still counts: what is wrong with it goes before its length. */
  #overflow(): void {
    const { context, maxBytes } = this.#init
    const error = tooLarge(context, maxBytes)
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
    this.#phase.stop()
    this.#decoder?.destroy()
    this.#deadline?.cancel()
    this.#unfollow?.()
    this.#init.signal.removeEventListener('abort', this)
    // Nobody takes the rest, also when the answer came early.
    this.#requestBody?.stop(ENDED)
    this.#owner.release(this)
  }
}

const ENDED = new Error('the request ended before its body')

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
