import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { rootScopes, type Scope } from '../scopes/scope.ts'

/** Options of {@link assertNoLeaks}. */
export interface AssertNoLeaksOptions {
  /** How often `fn` is called while the heap is watched. @default 1_000 */
  readonly rounds?: number | undefined
  /**
   * By how many bytes a round may grow the heap; watched only where Node runs with `--expose-gc`.
   * @default 16
   */
  readonly maxBytesPerRound?: number | undefined
}

/**
 * Calls `fn` many times and throws if scopes or timers are left over, or, with `--expose-gc`, if the
 * heap grows with the rounds.
 *
 * @example
 * await assertNoLeaks(() => withTimeout(1_000, () => semaphore.acquire().then((p) => p.release())))
 */
export async function assertNoLeaks(
  fn: () => unknown,
  options: AssertNoLeaksOptions = {},
): Promise<void> {
  expectFunction('fn', fn)
  expectOptions(options, ['rounds', 'maxBytesPerRound'], 'assertNoLeaks')
  const { rounds = 1_000, maxBytesPerRound = 16 } = options
  // The first rounds fill caches and compile; that is not a leak.
  for (let round = 0; round < rounds / 10; round += 1) await fn()
  const before = measure()
  for (let round = 0; round < rounds; round += 1) await fn()
  const after = measure()
  for (const what of ['scopes', 'waits', 'timers'] as const) {
    if (after[what] > before[what]) {
      throw new Error(`Expected no more ${what} than ${before[what]}, got ${after[what]}`)
    }
  }
  const grown = (after.heap - before.heap) / rounds
  if (grown > maxBytesPerRound) {
    throw new Error(`Expected the heap to stay as it is, got ${Math.round(grown)} bytes a round`)
  }
}

interface Measure {
  readonly scopes: number
  readonly waits: number
  readonly timers: number
  readonly heap: number
}

function measure(): Measure {
  const scopes = Array.from(rootScopes()).flatMap((scope) => allOf(scope))
  globalThis.gc?.()
  return {
    scopes: scopes.length,
    waits: scopes.reduce((sum, scope) => sum + scope.listeners.length, 0),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    heap: globalThis.gc === undefined ? 0 : process.memoryUsage().heapUsed,
  }
}

function allOf(scope: Scope): Scope[] {
  return [scope, ...scope.children.flatMap((child) => allOf(child))]
}
