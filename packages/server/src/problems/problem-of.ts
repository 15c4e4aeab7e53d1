import { STATUS_CODES } from 'node:http'
import { Cancelled, IoError, type Outcome, TimeoutError } from '@yuzuru/concurrency'
import {
  expectBoolean,
  expectMilliseconds,
  expectOneOf,
  expectText,
  type RefusalCode,
} from '@yuzuru/concurrency/boundary'
import { currentRequest } from '../request/current-request.ts'
import { expectSendable, HttpProblem } from './http-problem.ts'

/** The members of `application/problem+json` (RFC 9457), and ours. */
export interface Problem {
  readonly type: 'about:blank'
  readonly status: number
  readonly title: string
  readonly detail?: string | undefined
  /** A word for programs. */
  readonly code?: string | undefined
  /** Whether the same request may succeed a little later. */
  readonly retryable?: boolean | undefined
  /** Whether the request may have had its effect all the same. */
  readonly outcome?: Outcome | undefined
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly requestId?: string | undefined
}

/** A problem, and the headers of its answer. */
export interface ProblemAnswer {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/** What clients wait before they try an overloaded server again, in seconds. */
const OVERLOADED_RETRY_S = 1

/**
 * Said when the time that a request had is over: the services before this one know then, without reading
 * the body, that more of the same is no use to them. A boolean of RFC 9651, 3.3.6.
 */
const EXPIRED: Readonly<Record<string, string>> = { 'deadline-expired': '?1' }

const OVERLOADED: ReadonlySet<string> = new Set(['overloaded', 'acquire_timeout', 'closed'])

/**
 * The answer for an error. Only the text of an {@link HttpProblem} is sent; of every other error the client
 * gets the status, and of an `IoError` also `code`, `retryable` and `outcome`.
 *
 * - `HttpProblem`: its own status; also as the `cause` of an `IoError`, which is what a client throws whose source, or
 *   other function of yours, has thrown it.
 * - `IoError`: 503 with `Retry-After` if something is overloaded; 504 if it took too long; 503 if it may
 *   succeed later; else 502.
 * - `TimeoutError`, and whatever ends a request whose deadline has passed: 504, `deadline_expired`, with
 *   the header `deadline-expired: ?1`, which `@yuzuru/http` understands.
 * - `Cancelled` otherwise: 503, `closed`.
 * - everything else, a `TypeError` too: 500. So is an error that cannot be read or sent, whatever it is: one whose
 *   getter throws, or that was changed after it was made. It never throws.
 *
 * `outcome` is that of the whole request: what fails without an effect, behind something that may have had one, is
 * `unknown`.
 *
 * An error behind a 500 or 502 goes to the log of the request.
 *
 * @example
 * const { problem, headers } = problemOf(new HttpProblem(404, 'There is no such plan'))
 */
export function problemOf(error: unknown): ProblemAnswer {
  const answer = readableAnswerTo(error)
  if (answer.problem.status === 500 || answer.problem.status === 502) currentRequest()?.fail(error)
  return answer
}

/** A framework that gets a second failure for the first would answer with its words. */
function readableAnswerTo(error: unknown): ProblemAnswer {
  try {
    return answerTo(error)
  } catch {
    return problemAnswer(500, {})
  }
}

/** The answer to a request that is not begun: its time is over, or so many wait already. */
export function problemOfRefusal(refusal: RefusalCode, requestId: string): ProblemAnswer {
  const isLate = refusal === 'acquire_timeout'
  const status = isLate ? 504 : 503
  const problem: Problem = {
    type: 'about:blank',
    status,
    title: STATUS_CODES[status] ?? 'Error',
    code: isLate ? 'deadline_expired' : refusal,
    retryable: true,
    outcome: 'none',
    requestId,
  }
  return { problem, headers: isLate ? EXPIRED : { 'retry-after': `${OVERLOADED_RETRY_S}` } }
}

function answerTo(error: unknown): ProblemAnswer {
  if (HttpProblem.isInstance(error)) return ofHttpProblem(error)
  if (currentRequest()?.expired === true || TimeoutError.isInstance(error)) {
    const outcome =
      TimeoutError.isInstance(error) || Cancelled.isInstance(error) ? outcomeIn(error) : 'unknown'
    return problemAnswer(504, { code: 'deadline_expired', retryable: true, outcome }, EXPIRED)
  }
  if (IoError.isInstance(error)) return thrownWithin(error) ?? ofIoError(error)
  // Not its client, which would see no answer: the server is closing.
  if (Cancelled.isInstance(error)) {
    const shown = { code: 'closed', retryable: true, outcome: outcomeIn(error) }
    return problemAnswer(503, shown, { 'retry-after': `${OVERLOADED_RETRY_S}` })
  }
  return problemAnswer(500, {})
}

function outcomeIn({ outcome }: { readonly outcome: Outcome }): Outcome {
  expectOneOf('outcome', outcome, ['none', 'unknown'])
  return outcome
}

/**
 * The answer of an {@link HttpProblem} that a function of the handler threw while a client called it: the source of an
 * upload that looks at what comes, say. It is `unknown` if the call may have had its effect all the same, or the request
 * before it: in the scope of the request the error says so, and elsewhere that scope.
 */
function thrownWithin(error: IoError): ProblemAnswer | undefined {
  const { cause } = error
  if (!HttpProblem.isInstance(cause)) return undefined
  const { problem, headers } = ofHttpProblem(cause)
  const mayHaveHappened = outcomeIn(error) === 'unknown' || currentRequest()?.outcome === 'unknown'
  return { problem: mayHaveHappened ? { ...problem, outcome: 'unknown' } : problem, headers }
}

function ofHttpProblem(error: HttpProblem): ProblemAnswer {
  const { status, message, detail, code, retryable, outcome, fields, retryAfterMs, headers } = error
  // It may have been changed since it was made.
  const init = { detail, code, retryable, outcome, fields, retryAfterMs, headers }
  expectSendable(status, message, init)
  const retryAfter =
    retryAfterMs === undefined ? {} : { 'retry-after': `${Math.ceil(retryAfterMs / 1_000)}` }
  return problemAnswer(
    status,
    { title: message, detail, code, retryable, outcome, fields },
    { ...retryAfter, ...headers },
  )
}

function ofIoError(error: IoError): ProblemAnswer {
  const { code, retryable, retryAfterMs = 0 } = error
  expectText('code', code)
  expectBoolean('retryable', retryable)
  expectMilliseconds('retryAfterMs', retryAfterMs, 0, Number.MAX_SAFE_INTEGER)
  const shown = { code, retryable, outcome: outcomeIn(error) }
  if (OVERLOADED.has(code)) {
    const seconds = Math.max(OVERLOADED_RETRY_S, Math.ceil(retryAfterMs / 1_000))
    return problemAnswer(503, shown, { 'retry-after': `${seconds}` })
  }
  if (code === 'deadline_expired') return problemAnswer(504, shown, EXPIRED)
  if (/timeout|stalled/.test(code)) return problemAnswer(504, shown)
  return problemAnswer(retryable ? 503 : 502, shown)
}

function problemAnswer(
  status: number,
  members: Partial<Problem>,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer {
  const title = STATUS_CODES[status] ?? 'Error'
  const request = currentRequest()
  const { outcome } = members
  // An error knows of its own call; what the request did before that may have had an effect (docs/semantics.md, 20).
  const added = outcome === 'none' && request?.outcome === 'unknown' ? { outcome: 'unknown' } : {}
  const requestId = request?.id
  return {
    problem: { type: 'about:blank', status, title, ...members, ...added, requestId } as Problem,
    headers,
  }
}
