import { AsyncLocalStorage } from 'node:async_hooks'

/** Whether the caller works in the background. */
const background = new AsyncLocalStorage<boolean>()

/**
 * Calls `fn`; every `io()` within is in the background: a loop that looks for work, or extends a lease,
 * whether there is anything to do or not. `otel()` measures those calls and makes no spans of them: each
 * would be a trace of its own that no request or job began. `traceJob` ends it for the work that was found.
 *
 * @example
 * await inBackground(() => pollForWork())
 */
export function inBackground<T>(fn: () => T): T {
  return background.run(true, fn)
}

/** Ends {@link inBackground} for `fn`. */
export function inForeground<T>(fn: () => T): T {
  return background.run(false, fn)
}

/** Whether the caller is within {@link inBackground}: for what listens to `tracing:yuzuru:io:start`. */
export function isInBackground(): boolean {
  return background.getStore() === true
}
