import type { Cancelled } from '../scopes/cancelled.ts'
import { currentScope } from '../scopes/current-scope.ts'

/**
 * Calls `callback` once, with the reason, when the scope around the caller is cancelled; at once if it is
 * already. Outside of all scopes it is never called.
 *
 * Use it instead of a listener on the signal of `io()` for very many short calls: an `AbortSignal` with one
 * listener costs more than everything else that a scope needs. Remove it when what it would end has ended.
 *
 * @returns a function that removes the callback; calling it again does nothing
 * @example
 * await io(call, options, async () => {
 *   const off = onCancel((reason) => request.abort(reason))
 *   try {
 *     return await request.answer
 *   } finally {
 *     off()
 *   }
 * })
 */
export function onCancel(callback: (reason: Cancelled) => void): () => void {
  return currentScope()?.onCancel(callback) ?? nothing
}

const nothing = (): void => undefined
