import { currentScope, throwIfCancelled } from './current-scope.ts'
import { eventLoopTurn } from './event-loop-turn.ts'
import { refusal } from './refusal.ts'

/**
 * Lets the event loop turn once, so that other work and timers get their time, and throws if the scope
 * around it is cancelled. For long loops that await nothing.
 *
 * @throws {Cancelled}
 * @example
 * for (const row of rows) { if (++n % 1_000 === 0) await checkpoint(); index(row) }
 */
export async function checkpoint(): Promise<void> {
  const refused = refusal('wait', 'checkpoint')
  if (refused !== undefined) return await refused
  await eventLoopTurn()
  throwIfCancelled()
}

/**
 * The signal of the scope around the caller, for APIs that take one; `undefined` outside all scopes.
 *
 * @example
 * await fs.readFile(path, { signal: currentSignal() })
 */
export function currentSignal(): AbortSignal | undefined {
  return currentScope()?.signal
}
