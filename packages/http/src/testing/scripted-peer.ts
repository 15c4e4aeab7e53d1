import type { Buffer } from 'node:buffer'
import { expectReply } from './expect-reply.ts'

/** An answer to give. */
export interface ScriptedAnswer {
  /** @default 200 */
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string | string[]>> | undefined
  /** An iterable is sent piece by piece; when it throws, the connection is reset in mid-answer. */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array> | undefined
  /** Sent as JSON. */
  readonly json?: unknown
  /** Waited for before the answer begins. */
  readonly after?: Promise<unknown> | undefined
}

/**
 * What to do with a request: answer it; `'reset'` the connection once the request has come; `'drop'`
 * it by closing the connection in order, without an answer; stay in `'silence'`; or decide by the
 * request.
 */
export type ScriptedReply =
  | ScriptedAnswer
  | 'reset'
  | 'drop'
  | 'silence'
  | ((request: ScriptedRequest) => ScriptedReply | Promise<ScriptedReply>)

/** A request that came. */
export interface ScriptedRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Settles when the client has gone, or has been answered in full: `true` when in full. */
  readonly ended: Promise<boolean>
}

/** The script of a server: which requests came, and what each is answered. */
export class Script {
  /** The requests that have come in whole, in order. */
  readonly requests: ScriptedRequest[] = []
  #replies: ScriptedReply[] = []
  #otherwise: ScriptedReply = { status: 500, body: 'the script has no reply for this request' }
  #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  /**
   * Adds replies, one for each request to come.
   *
   * @throws {TypeError} unless each is a reply. Where a function gives something else, the answer is a 500 that says so.
   */
  reply(...replies: readonly ScriptedReply[]): this {
    for (const reply of replies) expectReply(reply)
    this.#replies.push(...replies)
    return this
  }

  /** Sets the reply to every request for which `reply` left none, and throws as it does. */
  otherwise(reply: ScriptedReply): this {
    expectReply(reply)
    this.#otherwise = reply
    return this
  }

  /** Waits until `count` requests have come in all, and gives the last of them. */
  async received(count: number): Promise<ScriptedRequest> {
    if (this.requests.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    }
    const request = this.requests[count - 1]
    if (request === undefined) throw new TypeError(`Expected count to be from 1 up, got ${count}`)
    return request
  }

  /** Records a request and gives the reply to it. */
  async take(
    request: ScriptedRequest,
  ): Promise<Exclude<ScriptedReply, (...args: never) => unknown>> {
    this.requests.push(request)
    let reply = this.#replies.shift() ?? this.#otherwise
    for (const { count, resolve } of this.#waiting) if (this.requests.length >= count) resolve()
    this.#waiting = this.#waiting.filter(({ count }) => this.requests.length < count)
    while (typeof reply === 'function') reply = await reply(request)
    try {
      expectReply(reply)
    } catch (error) {
      return { status: 500, body: String(error) }
    }
    return reply
  }
}

/** The body of an answer and the headers that go with it. */
export function contentOf(answer: ScriptedAnswer): {
  readonly headers: Record<string, string | string[]>
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
} {
  const headers = { ...answer.headers }
  if (answer.json === undefined) return { headers, body: answer.body ?? '' }
  headers['content-type'] ??= 'application/json'
  return { headers, body: JSON.stringify(answer.json) }
}
