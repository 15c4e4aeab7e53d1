import {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  isOutage,
} from '@yuzuru/concurrency/resilience'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { type CallContext, failure } from '../errors/call-context.ts'
import { HttpError } from '../errors/http-error.ts'
import type { HttpResponse } from '../response/http-response.ts'

/** When the circuit of an origin opens: see `circuitBreaker` of `@yuzuru/concurrency/resilience`. */
export type HttpBreakerOptions = Pick<CircuitBreakerOptions, 'failures' | 'coolDownMs' | 'probes'>

const BREAKER_OPTIONS = Object.keys({
  failures: true,
  coolDownMs: true,
  probes: true,
} satisfies Record<keyof HttpBreakerOptions, true>)

export function expectBreaker(
  options: HttpBreakerOptions | false | undefined,
): HttpBreakerOptions | undefined {
  if (options === undefined || options === false) return undefined
  expectOptions(options, BREAKER_OPTIONS, 'createHttp.breaker')
  // It checks its own options.
  circuitBreaker(options)
  return options
}

/** The breaker of one origin. */
export function createBreaker(origin: string, options: HttpBreakerOptions): CircuitBreaker {
  return circuitBreaker({ ...options, name: origin, isFailure })
}

/** Sends through a breaker: a 5xx counts as a failure although it is an answer. */
export function throughBreaker(
  breaker: CircuitBreaker,
  context: CallContext,
  send: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const call = breaker.call(() => send().then(throwOutage))
  return call.catch((error: unknown) => {
    if (error instanceof Outage) return error.response
    if (!(error instanceof CircuitOpenError)) throw error
    const reason = 'was not sent: its origin kept failing'
    const { retryAfterMs } = error
    throw failure(context, 'circuit_open', reason, {
      outcome: 'none',
      retryable: true,
      retryAfterMs,
    })
  })
}

function throwOutage(response: HttpResponse): HttpResponse {
  if (response.status >= 500) throw new Outage(response)
  return response
}

/** Carries an answer out of the breaker. */
class Outage extends Error {
  readonly response: HttpResponse

  constructor(response: HttpResponse) {
    super(`answered ${response.status}`)
    this.response = response
  }
}

/** Failures of our own side, before anything was sent. */
const OURS: ReadonlySet<string> = new Set([
  'overloaded',
  'acquire_timeout',
  'closed',
  'deadline_expired',
])

/** What we did ourselves says nothing about the health of the other side. */
function isFailure(error: unknown): boolean {
  if (error instanceof Outage) return true
  if (!HttpError.isInstance(error)) return isOutage(error)
  const { code } = error
  return !OURS.has(code) && isOutage(error)
}
