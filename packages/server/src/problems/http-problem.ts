import { hasMark, mark } from '@yuzuru/concurrency'
import { expectInteger, expectOptions, expectText } from '@yuzuru/concurrency/boundary'

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
  /** For the log alone; never sent. */
  readonly cause?: unknown
}

const OPTIONS = ['code', 'detail', 'fields', 'retryAfterMs', 'headers', 'cause'] as const

/**
 * An answer that a handler throws: the one kind of error whose words reach the client. It becomes
 * `application/problem+json` (RFC 9457).
 *
 * @example
 * if (plan === undefined) throw new HttpProblem(404, 'There is no such plan')
 * throw new HttpProblem(422, 'The plan is incomplete', { fields: { title: 'is missing' } })
 */
export class HttpProblem extends Error {
  readonly status: number
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly retryAfterMs: number | undefined
  readonly headers: Readonly<Record<string, string>>

  static {
    mark(this.prototype, 'HttpProblem')
  }

  /**
   * @param status 400 to 599
   * @param title what is wrong, the same for all such requests
   */
  constructor(status: number, title: string, init: HttpProblemInit = {}) {
    super(title, { cause: init.cause })
    expectInteger('status', status, 400, 599)
    expectText('title', title)
    expectOptions(init, OPTIONS, 'HttpProblem')
    this.status = status
    this.code = init.code
    this.detail = init.detail
    this.fields = init.fields
    this.retryAfterMs = init.retryAfterMs
    this.headers = init.headers ?? {}
  }

  /** Like `instanceof`, and true also for one of another installed copy of the package. */
  static isInstance(value: unknown): value is HttpProblem {
    return hasMark(value, 'HttpProblem')
  }
}
