import { detached, type Effect, io, type IoOptions } from '@yuzuru/concurrency'
import { orAborted } from '@yuzuru/concurrency/boundary'

/**
 * Waits for something of the sandbox as a part of the ambient scope: refused once that is cancelled, and
 * given up when it is. What goes on behind it (a server that restarts) is the sandbox's own and is
 * awaited by `close()`.
 */
export function waitInScope<T>(
  operation: string,
  wait: (signal: AbortSignal) => Promise<T>,
  options?: IoOptions,
  effect: Effect = 'read',
): Promise<T> {
  const call = { boundary: 'sandbox', operation, effect, translate: 'none' } as const
  return io(call, options, (signal) => orAborted(wait(signal), signal))
}

/** The same for what changes something on the other side: a cancel then has the outcome `unknown`. */
export function doInScope<T>(
  operation: string,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return waitInScope(operation, act, undefined, 'write')
}

/**
 * Starts servers as a part of the ambient scope. Those that have started when the scope was cancelled
 * meanwhile are closed before the cancel goes on.
 */
export function startInScope<T extends AsyncDisposable>(
  operation: string,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = { boundary: 'sandbox', operation, effect: 'read', translate: 'none' } as const
  return io(call, undefined, async (signal) => {
    const started = await start(signal)
    if (!signal.aborted) return started
    await started[Symbol.asyncDispose]()
    throw signal.reason
  })
}

/** As {@link startInScope}, for one that then belongs to no scope: its `close()` is its end. */
export function startServer<T extends AsyncDisposable>(
  operation: string,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return startInScope(operation, (signal) => detached(() => start(signal)))
}
