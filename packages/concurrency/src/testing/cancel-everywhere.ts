import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { channel } from 'node:diagnostics_channel'
import { Cancelled } from '../scopes/cancelled.ts'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { detached } from '../scopes/detached.ts'
import type { Leftover } from '../scopes/leftover.ts'
import { rootScopes } from '../scopes/scope.ts'
import { TestClock } from './test-clock.ts'

/** What a run of {@link cancelEverywhere} gets. */
export interface CancelledRun {
  /** Moves by itself to the next timer when nothing else is left to do. */
  readonly clock: TestClock
  /** Has `check` called when the run has ended, however: the invariants. */
  readonly after: (check: () => void | Promise<void>) => void
}

/** Options of {@link cancelEverywhere}. */
export interface CancelEverywhereOptions {
  /** After how many points to give up: a run that never ends. @default 2_000 */
  readonly maxPoints?: number | undefined
}

/** So many turns of the microtask queue without an end mean that a timer or I/O is waited for. */
const TURNS_BEFORE_IDLE = 32

/**
 * Runs `fn` again and again, cancelled at its first, second, third … await, until it completes before
 * the cancel comes. After each run nothing may be left: no scope, no timer, no leftover; and all
 * checks given to `after` must pass.
 *
 * @returns at how many points it was cancelled
 * @throws what a check or, other than the cancel, a run threw, with the point in the message
 * @example
 * await cancelEverywhere(async ({ after }) => {
 *   const semaphore = new Semaphore(1)
 *   after(() => assert.equal(semaphore.available, 1))
 *   using _permit = await semaphore.acquire()
 *   await sleep(10)
 * })
 */
export async function cancelEverywhere(
  fn: (run: CancelledRun) => unknown,
  options: CancelEverywhereOptions = {},
): Promise<number> {
  expectFunction('fn', fn)
  expectOptions(options, ['maxPoints'], 'cancelEverywhere')
  const { maxPoints = 2_000 } = options
  for (let point = 0; point < maxPoints; point += 1) {
    let completed: boolean
    try {
      completed = await runCancelledAt(point, fn)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`cancelled at point ${point}: ${message}`, { cause: error })
    }
    if (completed) return point
  }
  throw new Error(`Expected the run to complete within ${maxPoints} points, got one that does not`)
}

/** @returns whether it completed before the cancel came */
async function runCancelledAt(point: number, fn: (run: CancelledRun) => unknown): Promise<boolean> {
  using clock = TestClock.install()
  const before = rootScopes().size
  const checks: (() => void | Promise<void>)[] = []
  const leftovers: Leftover[] = []
  const listener = (leftover: unknown): void => {
    leftovers.push(leftover as Leftover)
  }
  channel('yuzuru:leftover').subscribe(listener)
  const state = { ended: false, cancelled: false }
  let driving: Promise<void> | undefined
  try {
    await cancelScope(
      async (scope) => {
        driving = detached(() =>
          drive(clock, state, point, () => scope.cancel(`cancelled at point ${point}`)),
        )
        await fn({ clock, after: (check) => checks.push(check) })
      },
      { name: 'cancelEverywhere' },
    )
  } catch (error) {
    if (!state.cancelled || !Cancelled.isInstance(error)) throw error
  } finally {
    state.ended = true
    channel('yuzuru:leftover').unsubscribe(listener)
    await driving
  }
  for (const { kind, name } of leftovers) throw new Error(`${kind} "${name}" was left running`)
  if (rootScopes().size > before) throw new Error('a scope was left open')
  if (clock.pending > 0) throw new Error(`${clock.pending} timers were left armed`)
  for (const check of checks) await check()
  return !state.cancelled
}

/** Turns the microtask queue, and now and then the event loop and the clock, until the run has ended. */
async function drive(
  clock: TestClock,
  state: { readonly ended: boolean; cancelled: boolean },
  point: number,
  cancel: () => void,
): Promise<void> {
  for (let turn = 0; !state.ended; turn += 1) {
    if (turn === point) {
      state.cancelled = true
      cancel()
    }
    if (turn % TURNS_BEFORE_IDLE === TURNS_BEFORE_IDLE - 1) await clock.advanceToNext()
    else await Promise.resolve()
  }
}
