import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { asked } from './asked.ts'
import { Cancelled } from '../scopes/cancelled.ts'
import { CircuitOpenError } from './circuit-open-error.ts'
import { currentClock } from '../scopes/clock.ts'
import { expectInteger } from '../arguments/expected.ts'
import { IoError } from '../boundary/io-error.ts'
import { fieldOf, isOf } from '../scopes/read-error.ts'
import { currentScope } from '../scopes/current-scope.ts'
import { refusal } from '../scopes/refusal.ts'

/** Options of {@link circuitBreaker}. */
export interface CircuitBreakerOptions {
  /** Shown in errors. @default 'circuit' */
  readonly name?: string | undefined
  /** After how many failures in a row it opens: an integer from 1 up. @default 5 */
  readonly failures?: number | undefined
  /** How long it lets nothing through, in milliseconds. @default 30_000 */
  readonly coolDownMs?: number | undefined
  /**
   * How many calls it lets through at once to find out whether it may close: an integer from 1 up. One
   * that has not ended after the cool-down, or 30 s if that is longer, makes room for another.
   * @default 1
   */
  readonly probes?: number | undefined
  /**
   * Whether an error says that the other side is unwell. Not asked for a cancel.
   * @default {@link isOutage}
   */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
}

/**
 * - `'closed'`: all goes through.
 * - `'open'`: nothing does.
 * - `'half-open'`: a few probes do; one success closes it, one failure opens it again.
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** Stops calling what keeps failing. */
export interface CircuitBreaker {
  readonly name: string
  readonly state: CircuitState
  /**
   * Calls `fn` unless the circuit is open.
   *
   * @throws {CircuitOpenError} while the circuit is open; `fn` was not called
   * @throws what `fn` threw
   */
  call<T>(fn: () => T | PromiseLike<T>): Promise<T>
}

/**
 * Makes a circuit breaker: after `failures` failures in a row it refuses calls for `coolDownMs`, so that a
 * service that is down is not asked again and again. A caller's own cancel and an answer that blames the
 * caller (4xx) say nothing about the health of the other side, and do not count. A `TypeError` that is no failure
 * says not even that there was an answer.
 *
 * Make one for each service and share it. It is not for limiting load: that is `admission` or `rateLimiter`.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const breaker = circuitBreaker({ name: 'rates', failures: 3, coolDownMs: 10_000 })
 * const rates = await breaker.call(() => http.json('/rates'))
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  expectOptions(
    options,
    ['name', 'failures', 'coolDownMs', 'probes', 'isFailure'],
    'circuitBreaker',
  )
  const { name = 'circuit', failures = 5, coolDownMs = 30_000, probes = 1 } = options
  for (const [key, value] of Object.entries({ failures, probes })) {
    expectInteger(key, value, 1)
  }
  expectMilliseconds('coolDownMs', coolDownMs)
  const { isFailure = isOutage } = options
  return new Breaker({ name, failures, coolDownMs, probes, isFailure })
}

/**
 * Whether an error suggests that the other side is down: everything except an HTTP status of 4xx, a mistake
 * of the caller (a `TypeError` without a `cause`; that of `fetch` has one), and an `IoError` that is not
 * `retryable` and has the outcome `none`.
 *
 * @example
 * circuitBreaker({ isFailure: (error) => isOutage(error) && !(error instanceof RedisError) })
 */
export function isOutage(error: unknown): boolean {
  if (isOf(error, TypeError)) return fieldOf(error, 'cause') !== undefined
  const status = fieldOf(error, 'status')
  if (typeof status === 'number') return status < 400 || status >= 500
  return !IoError.isInstance(error) || error.retryable || error.outcome === 'unknown'
}

/** How long a probe keeps its place at the least, in milliseconds. */
const PROBE_PATIENCE_MS = 30_000

/** Options with their defaults. */
type CircuitBreakerSettings = {
  readonly [K in keyof CircuitBreakerOptions]-?: Exclude<CircuitBreakerOptions[K], undefined>
}

class Breaker implements CircuitBreaker {
  readonly #options: CircuitBreakerSettings
  #failed = 0
  #openedAt: number | undefined
  /** When each probe that has not ended began. */
  readonly #probes = new Set<{ readonly at: number }>()
  /** Counts the openings and closings, so that a call that began before one does not count after it. */
  #era = 0

  constructor(options: CircuitBreakerSettings) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get state(): CircuitState {
    if (this.#openedAt === undefined) return 'closed'
    return this.#untilProbe > 0 ? 'open' : 'half-open'
  }

  /** Asked only of one that is not closed. */
  get #untilProbe(): number {
    return (this.#openedAt as number) + this.#options.coolDownMs - currentClock().now()
  }

  /** Whether another probe may be made: one that never ends must not keep it open for good. */
  get #hasRoom(): boolean {
    const { probes, coolDownMs } = this.#options
    const oldest = currentClock().now() - Math.max(coolDownMs, PROBE_PATIENCE_MS)
    for (const probe of this.#probes) if (probe.at <= oldest) this.#probes.delete(probe)
    return this.#probes.size < probes
  }

  async call<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    const refused = refusal('scope', this.name)
    if (refused !== undefined) return await refused
    const { state } = this
    const isProbe = state === 'half-open'
    if (state === 'open' || (isProbe && !this.#hasRoom)) {
      throw new CircuitOpenError(this.name, Math.max(0, this.#untilProbe))
    }
    const era = this.#era
    const probe = { at: currentClock().now() }
    if (isProbe) this.#probes.add(probe)
    try {
      const value = await fn()
      if (era === this.#era) this.#onSuccess()
      return value
    } catch (error) {
      if (era === this.#era && !isCancel(error)) {
        if (asked(error, () => this.#options.isFailure(error))) this.#onFailure()
        else if (!isOf(error, TypeError)) this.#onSuccess()
      }
      throw error
    } finally {
      this.#probes.delete(probe)
    }
  }

  #onSuccess(): void {
    this.#failed = 0
    if (this.#openedAt === undefined) return
    this.#openedAt = undefined
    this.#turn()
  }

  #onFailure(): void {
    this.#failed += 1
    // One that opened had as many, so a probe that fails opens it again.
    if (this.#failed < this.#options.failures) return
    this.#openedAt = currentClock().now()
    this.#turn()
  }

  #turn(): void {
    this.#era += 1
    this.#probes.clear()
  }
}

/** Whether the caller, and not the other side, ended the call. */
function isCancel(error: unknown): boolean {
  return Cancelled.isInstance(error) || currentScope()?.cancelled === true
}
