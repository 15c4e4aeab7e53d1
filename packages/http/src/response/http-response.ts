import { Readable } from 'node:stream'
import { io, type IoOptions, type Outcome } from '@yuzuru/concurrency'
import { expectOneOf, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { type CallContext, failure, outcomeOnceSent } from '../errors/call-context.ts'
import { HttpHeaders, type RawHeaders } from './http-headers.ts'
import type { HttpRequest } from '../request/http-request.ts'
import { lowerCased } from '../request/request-headers.ts'
import { ResponseBody } from './response-body.ts'

/** The call that an answer belongs to, for errors about it. */
export let contextOf: (response: HttpResponse) => CallContext

/** Notes on an answer that an attempt before it may have had its effect. */
export let noteEarlierEffect: (response: HttpResponse) => void

/** Whether an interceptor promises that nothing was done. */
export let isVouchedFor: (response: HttpResponse) => boolean

/** All of the body, left where it is; `undefined` while it is on its way, or where somebody has begun to read it. */
export let unreadBytes: (response: HttpResponse) => Uint8Array | undefined

/** Whether somebody has read the body, or a part of it, and nothing of that is kept. */
export let isReadAway: (response: HttpResponse) => boolean

export interface HttpResponseInit {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: ResponseBody
  readonly context: CallContext
  readonly isDelimited: boolean
}

/** An answer that is given without asking the server. */
export interface LocalAnswer {
  /** @default 200 */
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  /**
   * `'none'` promises that nothing that the interceptor has sent for this attempt had an effect: it has read in the answer
   * that the server turned the request away, say. @default by what was sent, and what was answered
   */
  readonly outcome?: 'none' | undefined
}

/**
 * What the server answered. From `request` the body has come in whole; from `stream` it is still on
 * its way: read it, or dispose of the response (`using`), so that its connection is free again.
 */
export class HttpResponse implements Disposable {
  readonly status: number
  /** Where the answer came from: the last hop when redirects were followed. */
  readonly url: URL
  /**
   * Whether the answer says where its body ends: by a length, by chunks, or because its kind has none
   * (HEAD, 204, 304). `false`: the body went on until the connection ended, which HTTP takes for its end
   * (RFC 9112, 6.3). A server that crashes in the middle looks the same, so accept only delimited bodies
   * where one that was cut off would do harm.
   */
  readonly isDelimited: boolean
  readonly #body: ResponseBody
  readonly #context: CallContext
  readonly #raw: RawHeaders
  #headers: HttpHeaders | undefined = undefined
  #bytes: Uint8Array | undefined = undefined
  #earlierOutcome: Outcome = 'none'
  #isVouchedFor = false

  static {
    contextOf = (response) => response.#context
    noteEarlierEffect = (response) => {
      response.#earlierOutcome = 'unknown'
    }
    isVouchedFor = (response) => response.#isVouchedFor
    unreadBytes = (response) => {
      const body = response.#body
      if (response.#bytes !== undefined || body.begun || !body.complete) return response.#bytes
      return response.#whole()
    }
    isReadAway = (response) => response.#bytes === undefined && response.#body.begun
  }

  constructor(init: HttpResponseInit) {
    this.status = init.status
    this.#raw = init.headers
    this.isDelimited = init.isDelimited
    this.url = init.context.url
    this.#body = init.body
    this.#context = init.context
  }

  get headers(): HttpHeaders {
    return (this.#headers ??= new HttpHeaders(this.#raw))
  }

  /**
   * Makes an answer that did not come over the wire: for interceptors that give one themselves.
   *
   * @example
   * const offline: HttpInterceptor = () => async (request) =>
   *   HttpResponse.of(request, { status: 503, body: 'closed for today' })
   */
  static of(request: HttpRequest, answer: LocalAnswer = {}): HttpResponse {
    expectOptions(answer, ['status', 'headers', 'body', 'outcome'], 'HttpResponse.of')
    const { status = 200, headers = {}, body = '', outcome } = answer
    if (outcome !== undefined) expectOneOf('outcome', outcome, ['none'])
    const whole = new ResponseBody({ taken: () => undefined, abort: () => undefined })
    whole.push(typeof body === 'string' ? Buffer.from(body) : body)
    whole.end()
    const { method, url } = request
    const context: CallContext = { method, url, headers: request.headers, effect: 'read' }
    const init = { status, headers: lowerCased(headers), body: whole, context }
    const response = new HttpResponse({ ...init, isDelimited: true })
    response.#isVouchedFor = outcome === 'none'
    return response
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  /**
   * What the attempts before the one that was answered may have done: `'unknown'` when one of them may have had its
   * effect. An `HttpError` counts them already; with `acceptStatus` a refusal is yours to read, and says nothing of them.
   */
  get earlierOutcome(): Outcome {
    return this.#earlierOutcome
  }

  /** The body, piece by piece. Leaving the loop early ends the connection. Once only. */
  get body(): AsyncIterable<Uint8Array> {
    return this.#bytes === undefined ? this.#body : only(this.#bytes)
  }

  /** Whether the body has come in whole. */
  get complete(): boolean {
    return this.#bytes !== undefined || this.#body.ended
  }

  /**
   * All of the body. It may be called several times.
   *
   * @throws {HttpError} `'too_large'`, `'stalled'`, `'connection_lost'`, `'body_abandoned'`
   */
  async bytes(options?: IoOptions): Promise<Uint8Array> {
    expectOptions(options, IO_OPTIONS, 'response.bytes')
    if (this.#body.ended) return this.#whole()
    const call = { boundary: 'http', operation: 'body', effect: 'read' } as const
    this.#bytes = await io(call, options, (signal) => this.#collect(signal))
    return this.#bytes
  }

  /** The body as text (UTF-8; a byte order mark is left out). @throws {HttpError} as `bytes` does */
  async text(options?: IoOptions): Promise<string> {
    expectOptions(options, IO_OPTIONS, 'response.text')
    return decoder.decode(this.#body.ended ? this.#whole() : await this.bytes(options))
  }

  /**
   * The body as JSON. `T` is what you expect: it is not checked.
   *
   * @throws {HttpError} `'invalid_body'` when the body is not JSON, and as `bytes` does
   */
  async json<T = unknown>(options?: IoOptions): Promise<T> {
    expectOptions(options, IO_OPTIONS, 'response.json')
    const text = this.#body.ended ? decoder.decode(this.#whole()) : await this.text(options)
    try {
      return JSON.parse(text) as T
    } catch {
      // The parser's own message quotes the text, which may be secret.
      const reason = `answered ${this.status} with a body that is not JSON (${text.length} characters)`
      const outcome = outcomeOnceSent(this.#context)
      throw failure(this.#context, 'invalid_body', reason, { outcome, retryable: false })
    }
  }

  /** The body as a Node stream. */
  readable(): Readable {
    return Readable.from(this.body, { objectMode: false })
  }

  /** Discards what was not read, and releases the connection. */
  [Symbol.dispose](): void {
    if (this.complete) return
    this.#body.destroy(
      failure(this.#context, 'body_abandoned', 'was disposed of before its body was read', {
        outcome: outcomeOnceSent(this.#context),
        retryable: false,
      }),
    )
  }

  #whole(): Uint8Array {
    return (this.#bytes ??= this.#body.whole())
  }

  async #collect(signal: AbortSignal): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of this.#body) {
      size += chunk.byteLength
      chunks.push(chunk)
    }
    signal.throwIfAborted()
    return Buffer.concat(chunks, size)
  }
}

const decoder = new TextDecoder()

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.byteLength > 0) yield bytes
}
