import type { Cancelled } from '../scopes/cancelled.ts'
import { currentScope } from '../scopes/current-scope.ts'

/**
 * Calls `callback` once, with the reason, when the scope around the caller is cancelled; at once if it is
 * already. Outside of all scopes it is never called.
 *
 * It stands in for a listener on the signal that `io()` hands down, where a call is short and there are
 * very many: an `AbortSignal` with one listener costs more than all else that a scope needs. Take it off
 * when what it would end has ended.
 *
 * @returns what takes the callback off; a second time does nothing
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
