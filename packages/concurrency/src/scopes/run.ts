import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { explain } from './cancel-cause.ts'
import { currentClock, type Timer } from './clock.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { expectFunction } from '../arguments/expected.ts'
import { eventLoopTurn } from './event-loop-turn.ts'
import { expectSignal, followSignal } from './follow-signal.ts'
import { describeLeftover, describeWait } from './describe-leftover.ts'
import { reportLeftover } from './leftover.ts'
import { watchOpenHandles } from './open-handles.ts'
import { openScope, runInScope } from './run-in-scope.ts'
import { type CancelScope, Scope } from './scope.ts'
import { exitCodeOf, onShutdown } from './shutdown.ts'
import { MAX_DELAY_MS } from './system-timer.ts'

/** Options of {@link run}. */
export interface RunOptions {
  /** Shown in errors and the task tree. @default 'main' */
  readonly name?: string | undefined
  /** The signals that ask `main` to end. @default ['SIGINT', 'SIGTERM'] */
  readonly shutdownSignals?: readonly NodeJS.Signals[] | undefined
  /**
   * How long `main`, and what it started, may take to end once it is cancelled or has returned, in
   * milliseconds from 0 up. What is still running then is reported; after a shutdown signal the
   * process ends all the same. Keep it below what your platform allows (Kubernetes: 30 s).
   *
   * @default 10_000
   */
  readonly graceMs?: number | undefined
  /**
   * Whether work that is still running when the scope that started it ends (a forgotten `await`), work
   * that begins after that, and clean-up that a cancel refuses are errors of that scope, a
   * `LeftoverError`, and not only reported.
   *
   * @default false
   */
  readonly strict?: boolean | undefined
  /** A foreign signal whose abort cancels `main`. */
  readonly signal?: AbortSignal | undefined
}

const OPTIONS = ['name', 'shutdownSignals', 'graceMs', 'strict', 'signal'] as const

/**
 * Runs a whole program: `main` within a root scope. SIGINT and SIGTERM cancel it, so that everything
 * within is closed and awaited; a second signal ends the process at once. What is still running when
 * `main` has ended is cancelled, awaited and reported.
 *
 * While it runs the process stays alive, even if `main` waits for nothing but a signal. Afterwards a server
 * or stdin that was left open does not keep it alive.
 *
 * Call it once, at the top of a program; not in a library, a test or a request, which get their scope from
 * the caller.
 *
 * @returns what `main` returned; `undefined` when a shutdown signal ended it, and then
 *   `process.exitCode` is 128 + the signal's number unless you have set it
 * @throws what `main` threw
 * @throws {LeftoverError} with `strict: true`, when work was left behind
 * @throws {TypeError} when `main` is not a function, or an option is unknown or has the wrong type
 * @example
 * await run(async () => {
 *   await using db = createDatabase<Schema>({ url })
 *   await using server = await serve(app, { port: 3000 })
 *   await sleep(Infinity)
 * })
 */
export async function run<T>(
  main: (scope: CancelScope) => T | PromiseLike<T>,
  options: RunOptions = {},
): Promise<T | undefined> {
  expectFunction('main', main)
  expectOptions(options, OPTIONS, 'run')
  expectSignal(options.signal)
  const { name = 'main', strict, graceMs = 10_000 } = options
  expectMilliseconds('graceMs', graceMs)
  // Within another scope (of a test, or of a program that embeds this one) it ends with that scope.
  const scope = openScope({ kind: 'run', name, strict })
  if (!(scope instanceof Scope)) return await scope
  const unfollow = followSignal(scope, options.signal)
  const shutdown = onShutdown(
    options.shutdownSignals ?? ['SIGINT', 'SIGTERM'],
    graceMs,
    (signal) => {
      scope.abort('shutdown', `${signal} asked the process to end`)
    },
  )
  // Keeps the process alive, whatever `main` waits for.
  const alive = setInterval(() => undefined, MAX_DELAY_MS)
  const letGo = watchOpenHandles()
  try {
    return await withinGrace(scope, main, graceMs, () => {
      const { received } = shutdown
      // One turn later the warnings have been written.
      if (received !== undefined) setImmediate(() => process.exit(exitCodeToSet(received)))
    })
  } catch (thrown) {
    const error = explain(scope, thrown)
    if (shutdown.received === undefined || error !== scope.ownReason) throw error
    process.exitCode = exitCodeToSet(shutdown.received)
    return undefined
  } finally {
    unfollow()
    shutdown.stop()
    // One turn later a server that was asked to listen does so, and is found.
    await eventLoopTurn()
    letGo()
    clearInterval(alive)
  }
}

function exitCodeToSet(signal: NodeJS.Signals): string | number {
  return process.exitCode ?? exitCodeOf(signal)
}

/**
 * Calls `main` in `scope` and waits for its end, but no longer than `graceMs` once it was cancelled or has
 * returned. What is still running then is reported and abandoned.
 */
async function withinGrace<T>(
  scope: Scope,
  main: (scope: CancelScope) => T | PromiseLike<T>,
  graceMs: number,
  onOver: () => void,
): Promise<T> {
  const over = Promise.withResolvers<T>()
  let returned: { readonly value: T } | undefined
  let timer: Timer | undefined
  const startGrace = (): void => {
    if (graceMs === Infinity || timer !== undefined) return
    timer = currentClock().schedule(graceMs, () => {
      reportAbandoned(scope)
      onOver()
      if (returned !== undefined) over.resolve(returned.value)
      else over.reject(scope.failure === undefined ? scope.reason : scope.failure.error)
    })
  }
  const unlisten = scope.onCancel(startGrace)
  const body = runInScope(scope, async () => {
    try {
      const value = await main(scope)
      returned = { value }
      return value
    } finally {
      startGrace()
    }
  })
  try {
    return await Promise.race([body, over.promise])
  } finally {
    unlisten()
    timer?.cancel()
  }
}

/** Reports what is still running: the innermost scopes, and all waits. */
function reportAbandoned(scope: Scope): void {
  const children = scope.livingChildren
  for (const wait of scope.waits)
    reportLeftover({ ...describeWait(scope, wait), state: 'abandoned' })
  for (const child of children) reportAbandoned(child)
  if (children.length === 0) reportLeftover(describeLeftover(scope, 'abandoned'))
  scope.abandon()
}
