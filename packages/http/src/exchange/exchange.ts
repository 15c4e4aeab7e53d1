import type { IoProgress } from '@yuzuru/concurrency'
import type { Dispatcher } from 'undici'
import type { Connection } from '../connections/connection.ts'
import type { Occupant } from '../connections/origin-connections.ts'
import type { WireBody } from '../request/wire-body.ts'
import type { RawHeaders } from '../response/http-headers.ts'
import { HttpResponse } from '../response/http-response.ts'
import { codedTransfer, cutOff, hasNoBody, tooLate } from './exchange-failures.ts'
import { Intake, type IntakeInit, type IntakeOwner } from './intake.ts'
import { PhaseTimer } from './phase-timer.ts'
import { ReaderBounds, type ReaderBoundsInit } from './reader-bounds.ts'
import type { StopListener, StopSignal } from './stop-signal.ts'
import { transportFailure } from './transport-failure.ts'

/*
 * The life of an exchange: one request and its answer on one connection.
 *
 * 1. `send` holds a permit for a connection and makes an exchange; undici looks for a connection.
 *    A cancel ends it at once, with the outcome `none`: nothing has left.
 * 2. `onRequestStart`: there is a connection. From here on a failure of an effect is `unknown`.
 * 3. `onBodySent`, again and again: the request goes out. Phase `stalled`: a byte has to move.
 * 4. `onRequestSent`: it is out. Phase `headers_timeout`: the answer has to begin.
 * 5. `onResponseStart`: the head is here. A `stream` hands it over now; its scope lets go of the
 *    exchange, and the reader's bounds take hold of it. Phase `stalled` again.
 * 6. `onResponseData`: the bytes pass the intake (decoded, counted). A reader that does not come holds
 *    the server back. Phase `body_abandoned`: it has to come.
 * 7. The end comes once, in `#finish`: all has come, something failed, or it was stopped. The
 *    timer stops, the source of the request's body ends, the connection goes to the next call.
 *
 * The rules for cancels and outcomes: docs/semantics.md, rules 2, 19 and 20.
 */

/** How long each phase may take, in milliseconds. */
export interface PhaseLimits {
  readonly headersMs: number
  readonly stallMs: number
  readonly unreadMs: number
}

/** What one sending is about. */
export interface ExchangeInit extends IntakeInit, ReaderBoundsInit {
  readonly signal: StopSignal
  readonly limits: PhaseLimits
  /** Hears when the first byte goes out. */
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
 * One request on one connection; undici calls it with what happens on the wire. Unlike undici's own
 * `request()` it ends at once when its signal fires, also while it waits for a connection, and its timer
 * covers every phase.
 */
export class Exchange implements Occupant, IntakeOwner, StopListener {
  /** The answer: its head, with its body whole or on its way. */
  readonly response: Promise<HttpResponse>
  /** The connection that it is sent over, if it is one of ours. */
  connection?: Connection
  place = -1
  readonly #init: ExchangeInit
  readonly #requestBody: WireBody | undefined
  readonly #owner: ExchangeOwner
  readonly #intake: Intake
  readonly #timer: PhaseTimer
  #resolve!: (response: HttpResponse) => void
  #fail!: (reason: unknown) => void
  #head: HttpResponse | undefined = undefined
  #controller: Dispatcher.DispatchController | undefined = undefined
  #bounds: ReaderBounds | undefined = undefined
  #sent = false
  #ended = false

  constructor(init: ExchangeInit, requestBody: WireBody | undefined, owner: ExchangeOwner) {
    this.#init = init
    this.#requestBody = requestBody
    this.#owner = owner
    this.#intake = new Intake(init, this)
    this.#timer = new PhaseTimer((phase, limitMs) => {
      this.abort(tooLate(init.context, phase, limitMs))
    })
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#fail = reject
    })
    init.signal.addEventListener('abort', this)
  }

  get unreadSince(): number | undefined {
    return this.#intake.isUnread ? this.#timer.touchedAt : undefined
  }

  handleEvent(): void {
    this.abort(this.#init.signal.reason)
  }

  abandon(waitedMs: number): void {
    this.abort(tooLate(this.#init.context, 'body_abandoned', waitedMs))
  }

  close(): void {
    this.abort(cutOff(this.#init.context, this.#sent))
  }

  abort(reason: unknown): void {
    if (this.#ended) return
    this.#finish()
    this.#reject(reason)
    // Before it has a connection there is nothing to abort: `onRequestStart` will.
    this.#controller?.abort(asError(reason))
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
    this.#timer.begin('stalled', this.#init.limits.stallMs)
  }

  onBodySent(): void {
    this.#timer.touch()
  }

  onRequestSent(): void {
    if (this.#head === undefined) this.#timer.begin('headers_timeout', this.#init.limits.headersMs)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: RawHeaders,
  ): void {
    if (this.#ended || status < 200) return
    this.#controller ??= controller
    const { context, whole, limits } = this.#init
    const coding = headers['transfer-encoding']
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') {
      this.abort(codedTransfer(context))
      return
    }
    const isEmpty = hasNoBody(context, status)
    const head = new HttpResponse({
      status,
      // An answer to HEAD names the encoding of a body that it does not have.
      headers: isEmpty ? headers : this.#intake.open(headers),
      body: this.#intake.body,
      context,
      isDelimited: isEmpty || coding !== undefined || headers['content-length'] !== undefined,
    })
    this.#head = head
    this.#timer.begin('stalled', limits.stallMs)
    if (!whole) this.#handOver(head)
  }

  onResponseData(_controller: unknown, chunk: Uint8Array): void {
    if (this.#ended) return
    this.#timer.touch()
    this.#intake.write(chunk)
  }

  onResponseEnd(): void {
    if (this.#ended) return
    if (this.#head?.isDelimited === false && this.connection?.broken === true) {
      this.onResponseError(this.#controller, new Error('the connection was reset'))
    } else if (this.#intake.finishWriting()) {
      this.complete()
    } else {
      // The connection may be another request's by now.
      this.#controller = undefined
    }
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#ended) return
    this.#finish()
    const { context } = this.#init
    const failed = this.#requestBody?.failure
    const bySource = failed !== undefined
    this.#reject(transportFailure(context, failed?.error ?? error, this.#sent, bySource))
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  held(): void {
    this.#timer.begin('body_abandoned', this.#init.limits.unreadMs)
  }

  released(): void {
    this.#timer.begin('stalled', this.#init.limits.stallMs)
  }

  moved(): void {
    this.#timer.touch()
  }

  complete(): void {
    this.#finish()
    this.#intake.body.end()
    if (this.#head !== undefined) this.#resolve(this.#head)
  }

  /** Cuts the answer off. The status still counts: what is wrong with it goes before its length. */
  overflowed(error: Error): void {
    if (this.#init.whole && this.#head !== undefined) this.#resolve(this.#head)
    this.abort(error)
  }

  /** From the head on only what the caller said of this very call binds the body. */
  #handOver(head: HttpResponse): void {
    this.#init.signal.removeEventListener('abort', this)
    this.#bounds = new ReaderBounds(this.#init, (reason) => this.abort(reason))
    this.#owner.handOver()
    this.#resolve(head)
  }

  #reject(reason: unknown): void {
    this.#fail(reason)
    this.#intake.body.fail(reason)
  }

  #finish(): void {
    this.#ended = true
    this.#timer.stop()
    this.#intake.end()
    this.#bounds?.end()
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
