import { constants } from 'node:os'
import { expectFunction } from './expected.ts'
import { expectSignal, followSignal } from './follow-signal.ts'
import { explain, runInScope } from './run-in-scope.ts'
import { type CancelScope, Scope } from './scope.ts'

export interface RunOptions {
  /** Shown in errors and the task tree. @default 'main' */
  readonly name?: string
  /** The signals that ask `main` to end. @default ['SIGINT', 'SIGTERM'] */
  readonly shutdownSignals?: readonly NodeJS.Signals[]
  /**
   * Whether work that is still running when the scope that started it ends (a forgotten `await`) is an
   * error of that scope, a `LeftoverError`, and not only reported.
   * @default false
   */
  readonly strict?: boolean
  /** A foreign signal whose abort cancels `main`. */
  readonly signal?: AbortSignal
}

/**
 * Runs a whole program: `main` within a root scope. SIGINT and SIGTERM cancel it, so that everything
 * within is closed and awaited; a second one exits at once with 130 or 143. What is still running when
 * `main` has ended is cancelled, awaited and reported.
 *
 * @returns what `main` returned; `undefined` when a shutdown signal ended it, and then
 *   `process.exitCode` is 128 + the signal's number unless you have set it
 * @example
 * await run(async () => {
 *   await using db = createDatabase<Schema>({ url })
 *   await serve(db)
 * })
 */
export async function run<T>(
  main: (scope: CancelScope) => T | PromiseLike<T>,
  options: RunOptions = {},
): Promise<T | undefined> {
  expectFunction('main', main)
  expectSignal(options.signal)
  const { name = 'main', strict = false } = options
  const scope = new Scope({ kind: 'run', name, parent: undefined, strict })
  const unfollow = followSignal(scope, options.signal)
  const shutdown = onShutdown(options.shutdownSignals ?? ['SIGINT', 'SIGTERM'], (signal) => {
    scope.abort('shutdown', `${signal} asked the process to end`)
  })
  try {
    return await runInScope(scope, main)
  } catch (thrown) {
    const error = explain(scope, thrown)
    if (shutdown.received === undefined || error !== scope.ownReason) throw error
    process.exitCode ??= exitCodeOf(shutdown.received)
    return undefined
  } finally {
    unfollow()
    shutdown.stop()
  }
}

function onShutdown(
  signals: readonly NodeJS.Signals[],
  ask: (signal: NodeJS.Signals) => void,
): { readonly received: NodeJS.Signals | undefined; stop(): void } {
  const state = {
    received: undefined as NodeJS.Signals | undefined,
    stop: () => {
      for (const signal of signals) process.off(signal, listener)
    },
  }
  const listener = (signal: NodeJS.Signals): void => {
    if (state.received !== undefined) process.exit(exitCodeOf(signal))
    state.received = signal
    ask(signal)
  }
  for (const signal of signals) process.on(signal, listener)
  return state
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
