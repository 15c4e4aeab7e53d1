import { currentScope, throwIfCancelled } from './current-scope.ts'
import { eventLoopTurn } from './event-loop-turn.ts'
import { refusal } from './refusal.ts'

/**
 * Lets the event loop turn once, so that other work and timers get their time, and throws if the scope
 * around the caller is cancelled. For long loops that await nothing. A single step that computes for
 * more than some 50 ms still blocks the loop: run it in `threads` of `@yuzuru/concurrency/threads`.
 *
 * @throws {Cancelled} when the scope around the caller is cancelled
 * @example
 * for (const row of rows) { if (++n % 1_000 === 0) await checkpoint(); index(row) }
 */
export async function checkpoint(): Promise<void> {
  await (refusal('wait', 'checkpoint') ?? eventLoopTurn())
  throwIfCancelled()
}

/**
 * The signal of the scope around the caller, for APIs that take one; `undefined` outside all scopes.
 * It fires with the {@link Cancelled}.
 *
 * Inside {@link io} use the signal that its body is given, which also joins the options of the call.
 *
 * @example
 * await fs.readFile(path, { signal: currentSignal() })
 */
export function currentSignal(): AbortSignal | undefined {
  return currentScope()?.signal
}
