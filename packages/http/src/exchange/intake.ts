import type { CallContext } from '../errors/call-context.ts'
import { ContentDecoder, type DecoderOutput, withoutEncoding } from '../response/content-decoder.ts'
import type { RawHeaders } from '../response/http-headers.ts'
import { type BodySource, ResponseBody } from '../response/response-body.ts'
import { tooLarge, undecodable } from './exchange-failures.ts'

/** How an answer is taken in. */
export interface IntakeInit {
  readonly context: CallContext
  /** Whether the call waits for the whole body: then it is never held back. */
  readonly whole: boolean
  /** The longest body, in bytes, after decompression. */
  readonly maxBytes: number
  /** Whether to take the Content-Encoding off. */
  readonly decompress: boolean
}

/** What an intake asks of its exchange. */
export interface IntakeOwner {
  /** Asks the connection for no more bytes for now. */
  pause(): void
  resume(): void
  /** The reader is behind: the server waits for it from now on. */
  held(): void
  /** The reader wants more again. */
  released(): void
  /** The reader has taken something. */
  moved(): void
  /** All of the body has come. */
  complete(): void
  /** The body is longer than it may be; what has come of it can be read. */
  overflowed(error: Error): void
  abort(reason: unknown): void
}

/** Takes the bytes of an answer from the connection to its reader: decoded, counted, held back. */
export class Intake implements BodySource, DecoderOutput {
  readonly body: ResponseBody = new ResponseBody(this)
  readonly #init: IntakeInit
  readonly #owner: IntakeOwner
  #decoder: ContentDecoder | undefined = undefined
  #received = 0
  #isHeld = false
  #ended = false

  constructor(init: IntakeInit, owner: IntakeOwner) {
    this.#init = init
    this.#owner = owner
  }

  /** Whether the server waits for a reader that has not come yet. */
  get isUnread(): boolean {
    return this.#isHeld && !this.body.begun
  }

  /** The head has come, and a body follows it: gives the headers of the body as it is read. */
  open(headers: RawHeaders): RawHeaders {
    if (this.#init.decompress) this.#decoder = ContentDecoder.for(headers, this)
    return this.#decoder === undefined ? headers : withoutEncoding(headers)
  }

  write(chunk: Uint8Array): void {
    if (this.#decoder === undefined) this.decoded(chunk)
    else if (!this.#decoder.write(chunk)) this.#owner.pause()
  }

  /** The last byte was written. `false`: the decoder has not let all of it out yet. */
  finishWriting(): boolean {
    this.#decoder?.end()
    return this.#decoder === undefined
  }

  /** Nothing more is taken in. */
  end(): void {
    this.#ended = true
    this.#decoder?.destroy()
  }

  decoded(chunk: Uint8Array): void {
    if (this.#ended) return
    const { context, maxBytes, whole } = this.#init
    this.#received += chunk.byteLength
    const wantsMore = this.body.push(chunk)
    if (this.#received > maxBytes) {
      const error = tooLarge(context, maxBytes)
      this.body.cut(error)
      this.#owner.overflowed(error)
    } else if (!wantsMore && !whole) {
      this.#hold()
    }
  }

  drained(): void {
    if (!this.#ended && !this.#isHeld) this.#owner.resume()
  }

  decodedAll(): void {
    if (!this.#ended) this.#owner.complete()
  }

  undecodable(cause: Error): void {
    this.#owner.abort(undecodable(this.#init.context, cause))
  }

  taken(more: boolean): void {
    this.#owner.moved()
    if (!this.#isHeld || !more) return
    this.#isHeld = false
    this.#owner.released()
    this.#decoder?.resume()
    this.#owner.resume()
  }

  abort(reason: unknown): void {
    this.#owner.abort(reason)
  }

  #hold(): void {
    this.#isHeld = true
    this.#owner.held()
    this.#decoder?.pause()
    this.#owner.pause()
  }
}
