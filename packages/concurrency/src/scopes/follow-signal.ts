import { expected } from '../arguments/expected.ts'
import type { Scope } from './scope.ts'

const nothing = (): void => undefined

/** Throws unless `signal` is an `AbortSignal` or `undefined`. */
export function expectSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (typeof (signal as AbortSignal | null)?.addEventListener !== 'function') {
    throw expected('signal to be an AbortSignal', signal)
  }
}

/**
 * Cancels `scope` when a foreign signal fires. It adds one listener, which the returned function removes,
 * as the signal may live as long as the process. Check it with {@link expectSignal} before the scope is
 * open.
 */
export function followSignal(scope: Scope, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return nothing
  const cancel = (): void => {
    scope.abort('signal', `"${scope.name}" was cancelled by a signal`, signal.reason)
  }
  if (signal.aborted) {
    cancel()
    return nothing
  }
  signal.addEventListener('abort', cancel)
  return () => signal.removeEventListener('abort', cancel)
}
