import { currentClock } from '@yuzuru/concurrency'
import { expected, expectMilliseconds, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { type CallContext, failure } from '../errors/call-context.ts'
import { expectBareOrigin } from './bare-origin.ts'
import { isToken } from './request-headers.ts'

/** Which services are sent the time that is left of the deadline, and in which header. */
export interface HttpBudgetOptions {
  /**
   * The header. `'grpc-timeout'` is written as gRPC writes it (`250m`), every other one as whole
   * milliseconds. One that the call has itself is replaced.
   *
   * @default 'x-envoy-expected-rq-timeout-ms'
   */
  readonly header?: string | undefined
  /**
   * The origins that get it: a list, or a function of an origin (`'https://plans.internal'`). It is never
   * sent to any other, also not after a redirect.
   */
  readonly origins: readonly (string | URL)[] | ((origin: string) => boolean)
  /**
   * How much of what is left is kept back, in milliseconds from 0 up: for the answer's way home, and for what is
   * cancelled over there to end. With no more than that left, nothing is sent (`deadline_expired`). @default 10
   */
  readonly marginMs?: number | undefined
}

/** {@link HttpBudgetOptions} with their defaults, checked. */
export interface BudgetSettings {
  readonly header: string
  readonly marginMs: number
  /** Whether an origin gets the header. */
  readonly reaches: (origin: string) => boolean
}

const OPTIONS = ['header', 'origins', 'marginMs'] as const

/** What says where a request goes, how it is framed, or whose it is: never a budget. */
const TAKEN: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The header of an answer which says that its request's time was over; a boolean (RFC 9651, 3.3.6). */
const EXPIRED_HEADER = 'deadline-expired'

/**
 * Checks the option `budget` of a client.
 *
 * @throws {TypeError} when a value is out of its range or has the wrong type
 */
export function expectBudget(options: HttpBudgetOptions | undefined): BudgetSettings | undefined {
  if (options === undefined) return undefined
  expectRequiredOptions(options, OPTIONS, 'createHttp.budget')
  const { header = 'x-envoy-expected-rq-timeout-ms', origins, marginMs = 10 } = options
  if (typeof header !== 'string' || !isToken(header) || TAKEN.has(header.toLowerCase())) {
    throw expected('budget.header to be the name of a header of its own', header)
  }
  expectMilliseconds('budget.marginMs', marginMs, 0, Number.MAX_SAFE_INTEGER)
  return { header: header.toLowerCase(), marginMs, reaches: expectOrigins(origins) }
}

function expectOrigins(origins: HttpBudgetOptions['origins']): BudgetSettings['reaches'] {
  if (typeof origins === 'function') {
    return (origin) => {
      const isOne: unknown = origins(origin)
      // A promise would be taken for yes.
      if (typeof isOne !== 'boolean') throw expected('budget.origins to return a boolean', isOne)
      return isOne
    }
  }
  if (!Array.isArray(origins)) {
    throw expected('budget.origins to be a list of origins or a function', origins)
  }
  const names = new Set(
    origins.map((each: string | URL) => expectBareOrigin('each of budget.origins', each)),
  )
  return (origin) => names.has(origin)
}

/** What one request may say of its deadline. */
export class RequestBudget {
  readonly #settings: BudgetSettings
  readonly #deadline: number

  /** @param deadline on the clock in force */
  constructor(settings: BudgetSettings, deadline: number) {
    this.#settings = settings
    this.#deadline = deadline
  }

  /**
   * The headers of a request that leaves now.
   *
   * @throws {HttpError} `deadline_expired` when nothing is left
   */
  headersFor(context: CallContext): Readonly<Record<string, string>> {
    const { header, marginMs } = this.#settings
    const leftMs = this.#deadline - currentClock().now()
    if (!isWorthSending(leftMs, marginMs)) {
      const reason = 'was not sent: its deadline leaves no time for it'
      throw failure(context, 'deadline_expired', reason, { outcome: 'none', retryable: false })
    }
    const wholeMs = Math.floor(leftMs - marginMs)
    const value = header === 'grpc-timeout' ? grpcTimeout(wholeMs) : String(wholeMs)
    return { ...context.headers, [header]: value }
  }
}

/** Whether a request that may take `leftMs` has at least a millisecond for the other side. */
export function isWorthSending(leftMs: number, marginMs: number): boolean {
  return leftMs - marginMs >= 1
}

/** The most that eight digits hold, which is the most that gRPC allows. */
const MOST = 99_999_999

/**
 * Whole milliseconds as a `grpc-timeout`: never longer, in the finest unit that has room.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Timeout)
 * @example
 * grpcTimeout(250) // '250m'
 */
export function grpcTimeout(ms: number): string {
  const units = [
    ['m', 1],
    ['S', 1_000],
    ['M', 60_000],
  ] as const
  for (const [unit, length] of units) {
    const count = Math.floor(ms / length)
    if (count <= MOST) return `${count}${unit}`
  }
  return `${Math.min(MOST, Math.floor(ms / 3_600_000))}H`
}

/** Whether an answer says that the time which its request was given is over. */
export function saysExpired(status: number, header: (name: string) => string | null): boolean {
  return status === 504 && header(EXPIRED_HEADER) === '?1'
}
