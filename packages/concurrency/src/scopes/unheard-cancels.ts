import { Cancelled, someCause } from './cancelled.ts'
import { copies } from './copies.ts'
import { everyPart } from './read-error.ts'

/** How many cancelled scopes have not ended. */
let open = 0
let listening = false
let stopping = false

/** Errors of leftovers: they are reported already, so they need not end the process as well. */
const reported = new Set<unknown>()

/**
 * A cancel rejects all promises of a scope at once, also those that the body no longer awaits
 * (`const a = read(), b = read(); await a; await b`), and those of leftovers, which nothing awaits. That is
 * not a failure, so it must not end the process. For all other rejections this listener does what Node does
 * without one.
 */
function onUnhandledRejection(reason: unknown): void {
  if (everyPart(reason, (part) => someCause(part, isExpected))) return
  const listeners = process.listeners('unhandledRejection')
  if (listeners[0] === onUnhandledRejection && listeners.every((each) => copies.has(each))) {
    throw reason
  }
}
copies.add(onUnhandledRejection)

function isExpected(cause: unknown): boolean {
  return Cancelled.isInstance(cause) || (cause !== undefined && reported.has(cause))
}

/** Lets unhandled rejections with a cancel pass, until one turn after {@link closeRejections}. */
export function openRejections(): void {
  open += 1
  if (listening) return
  listening = true
  process.on('unhandledRejection', onUnhandledRejection)
}

/** Called when a scope that was cancelled has ended. */
export function closeRejections(): void {
  open -= 1
  if (open > 0 || stopping) return
  stopping = true
  setImmediate(stopListening)
}

function stopListening(): void {
  stopping = false
  if (open > 0) return
  listening = false
  process.off('unhandledRejection', onUnhandledRejection)
}

/** Lets unhandled rejections with `error`, which is reported already, pass for one turn. */
export function letGoUnheard(error: unknown): void {
  openRejections()
  reported.add(error)
  setImmediate(() => {
    reported.delete(error)
    closeRejections()
  })
}
