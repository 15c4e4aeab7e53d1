import { withTimeout } from '@yuzuru/concurrency'
import { singleFlight } from '@yuzuru/concurrency/resilience'
import { expected, expectMilliseconds, expectObject, fieldOf } from '@yuzuru/concurrency/boundary'

/** Checks whether something that requests need is there; throws if it is not. */
export type HealthCheck = () => unknown

/** The results of the checks. */
export interface Health {
  readonly ok: boolean
  /** Of each check `'ok'`, or the code of what it failed with; never a message. */
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
  for (const [name, check] of Object.entries(checks)) {
    if (typeof check !== 'function') throw expected(`checks.${name} to be a function`, check)
  }
  const run = singleFlight(() => runAll(checks, timeoutMs), { name: 'health', detached: true })
  let last: { readonly health: Health; readonly at: number } | undefined
  return async () => {
    if (last !== undefined && performance.now() - last.at < FRESH_MS) return last.health
    const health = await run()
    last = { health, at: performance.now() }
    return health
  }
}

async function runAll(
  checks: Readonly<Record<string, HealthCheck>>,
  timeoutMs: number,
): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await look(name, check, timeoutMs)] as const,
    ),
  )
  return { ok: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) }
}

async function look(name: string, check: HealthCheck, timeoutMs: number): Promise<string> {
  try {
    await withTimeout(timeoutMs, check, { name: `check ${name}`, graceMs: GRACE_MS })
    return 'ok'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  const code = fieldOf(error, 'code')
  return typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : 'failed'
}
