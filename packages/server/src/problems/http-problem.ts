import { validateHeaderName, validateHeaderValue } from 'node:http'
import { hasMark, mark, type Outcome } from '@yuzuru/concurrency'
import {
  expectBoolean,
  expected,
  expectInteger,
  expectMilliseconds,
  expectObject,
  expectOneOf,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'

/** What an {@link HttpProblem} is made of. All of it is sent to the client. */
export interface HttpProblemInit {
  /** For programs: a word that clients may rely on. */
  readonly code?: string | undefined
  /** For people: what is wrong with this request, and what to do. */
  readonly detail?: string | undefined
  /** What is wrong with each field of the input, by its name. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** How long the client should wait before it tries again, in milliseconds: becomes `Retry-After`. */
  readonly retryAfterMs?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Whether the same request may succeed a little later. */
  readonly retryable?: boolean | undefined
  /** Whether the request may have had its effect all the same. */
  readonly outcome?: Outcome | undefined
  /** For the log alone; never sent. */
  readonly cause?: unknown
}

const OPTIONS = Object.keys({
  code: true,
  detail: true,
  fields: true,
  retryAfterMs: true,
  headers: true,
  retryable: true,
  outcome: true,
  cause: true,
} satisfies Record<keyof HttpProblemInit, true>)

/** What the server says itself: of the body that it writes, and of the connection. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a header is not a problem's to set: two of it would have the answer cut, or read as something else. */
export function isOwnHeader(name: string): boolean {
  return OWN.has(name.toLowerCase())
}

/**
 * An answer that a handler throws: the one kind of error whose words reach the client. It becomes
 * `application/problem+json` (RFC 9457).
 *
 * @example
 * if (plan === undefined) throw new HttpProblem(404, 'There is no such plan')
 * throw new HttpProblem(422, 'The plan is incomplete', { fields: { title: 'is missing' } })
 */
export class HttpProblem extends Error {
  readonly #status: number
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly retryAfterMs: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly retryable: boolean | undefined
  readonly outcome: Outcome | undefined

  static {
    mark(this.prototype, 'HttpProblem')
  }

  /**
   * @param status 400 to 599
   * @param title what is wrong, the same for all such requests
   * @throws {TypeError} on what cannot be sent: a header with a line break, or one of the body or the connection,
   *   such as `content-length`, which the server sets itself
   */
  constructor(status: number, title: string, init: HttpProblemInit = {}) {
    super(title, { cause: init.cause })
    expectOptions(init, OPTIONS, 'HttpProblem')
    expectSendable(status, title, init)
    this.#status = status
    this.code = init.code
    this.detail = init.detail
    this.fields = init.fields
    this.retryAfterMs = init.retryAfterMs
    this.headers = init.headers ?? {}
    this.retryable = init.retryable
    this.outcome = init.outcome
  }

  get status(): number {
    return this.#status
  }

  /** It stays as it was made: express' body parsers give each error that passes them a status of theirs. */
  set status(_status: number) {}

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is HttpProblem {
    return hasMark(value, 'HttpProblem')
  }
}

/** Throws unless all of a problem can be sent. */
export function expectSendable(status: number, title: string, init: HttpProblemInit): void {
  expectInteger('status', status, 400, 599)
  expectText('title', title)
  const { code, detail, fields = {}, retryAfterMs = 0, headers = {} } = init
  const { retryable = false, outcome = 'none' } = init
  expectBoolean('retryable', retryable)
  expectOneOf('outcome', outcome, ['none', 'unknown'])
  expectObject('fields', fields)
  expectObject('headers', headers)
  expectMilliseconds('retryAfterMs', retryAfterMs, 0, Number.MAX_SAFE_INTEGER)
  const texts = { code, detail, ...prefixed('fields', fields), ...prefixed('headers', headers) }
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined && typeof text !== 'string')
      throw expected(`${name} to be a string`, text)
  }
  for (const [name, value] of Object.entries(headers)) expectHeader(name, value)
}

function prefixed(name: string, texts: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${name}.${key}`, text]))
}

function expectHeader(name: string, value: string): void {
  if (isOwnHeader(name)) {
    throw new TypeError(
      `Expected headers without those of the body and the connection, got "${name.toLowerCase()}"`,
    )
  }
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  } catch (cause) {
    // The value may be a secret, and may have come from the client.
    throw new TypeError('Expected headers to be names and values of HTTP, got others', { cause })
  }
}
