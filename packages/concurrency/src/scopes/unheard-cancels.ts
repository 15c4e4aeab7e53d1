import { Cancelled, someCause } from './cancelled.ts'
import { copies } from './copies.ts'
import { everyPart } from './read-error.ts'

/** How many cancelled scopes have not ended. */
let open = 0
let listening = false
let stopping = false

/** What leftovers failed with: reported already, so it need not bring the process down as well. */
const reported = new Set<unknown>()

/**
 * A cancel ends all promises of a scope at once, also those that the body does not await any more
 * (`const a = read(), b = read(); await a; await b`), and leftovers, which nobody awaits. That is no
 * failure, so it must not bring the process down. For all other rejections this listener does what Node
 * does when there is none.
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

/** Lets promises reject with a cancel unheard, until a turn after {@link closeRejections}. */
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

/** Lets promises reject with `error` unheard until a turn from now: it is reported already. */
export function letGoUnheard(error: unknown): void {
  openRejections()
  reported.add(error)
  setImmediate(() => {
    reported.delete(error)
    closeRejections()
  })
}
