import { currentClock, withTimeout } from '@yuzuru/concurrency'
import { singleFlight } from '@yuzuru/concurrency/resilience'
import { expected, expectMilliseconds, expectObject, fieldOf } from '@yuzuru/concurrency/boundary'

/**
 * Checks whether something that requests need is there; throws if it is not. The scope around it has a deadline.
 *
 * At most one call of it is under way at any time. One that goes on past its deadline is reported as
 * `still running since …` and is not called again until that call has ended, well or not.
 */
export type HealthCheck = () => unknown

/** The results of the checks. */
export interface Health {
  readonly ok: boolean
  /**
   * Of each check `'ok'`, or the code of what it failed with, never a message; of a call that goes on past its
   * deadline `'still running since 2026-11-30T08:15:00.000Z'`, the time at which it was called.
   */
  readonly checks: Readonly<Record<string, string>>
}

/** How old a result may be, in milliseconds: probes may come from many sides, every second. */
const FRESH_MS = 1_000

/** How long a check may take by default, in milliseconds. */
const CHECK_MS = 1_000

/** How long one that takes longer has to end: long enough to cancel a query, and no longer, as a probe waits. */
const GRACE_MS = 100

/**
 * Makes what runs the checks: all side by side, each with a deadline of its own, and at most once a second
 * however often it is called.
 *
 * @throws {TypeError} when a check is not a function
 */
export function healthOf(
  checks: Readonly<Record<string, HealthCheck>>,
  timeoutMs: number = CHECK_MS,
): () => Promise<Health> {
  expectObject('checks', checks)
  expectMilliseconds('checkTimeoutMs', timeoutMs, 1)
  const all = Object.entries(checks).map(([name, check]) => {
    if (typeof check !== 'function') throw expected(`checks.${name} to be a function`, check)
    return new NamedCheck(name, check, timeoutMs)
  })
  const run = singleFlight(() => runAll(all), { name: 'health', detached: true })
  let last: { readonly health: Health; readonly at: number } | undefined
  return async () => {
    if (last !== undefined && currentClock().now() - last.at < FRESH_MS) return last.health
    const health = await run()
    last = { health, at: currentClock().now() }
    return health
  }
}

async function runAll(all: readonly NamedCheck[]): Promise<Health> {
  const results = await Promise.all(
    all.map(async (check) => [check.name, await check.look()] as const),
  )
  return { ok: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) }
}

/** One check, of which at most one call is under way. */
class NamedCheck {
  readonly name: string
  readonly #check: HealthCheck
  readonly #timeoutMs: number
  /** When the call that is under way was made. */
  #since: Date | undefined

  constructor(name: string, check: HealthCheck, timeoutMs: number) {
    this.name = name
    this.#check = check
    this.#timeoutMs = timeoutMs
  }

  /** Calls it, unless a call is still under way. */
  async look(): Promise<string> {
    if (this.#since !== undefined) return stillRunning(this.#since)
    try {
      await withTimeout(this.#timeoutMs, () => this.#call(), {
        name: `check ${this.name}`,
        graceMs: GRACE_MS,
      })
      return 'ok'
    } catch (error) {
      // By now it has ended, unless it ignores its cancel.
      return this.#since === undefined ? codeOf(error) : stillRunning(this.#since)
    }
  }

  async #call(): Promise<void> {
    this.#since = new Date()
    try {
      await this.#check()
    } finally {
      this.#since = undefined
    }
  }
}

function stillRunning(since: Date): string {
  return `still running since ${since.toISOString()}`
}

function codeOf(error: unknown): string {
  const code = fieldOf(error, 'code')
  return typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : 'failed'
}
