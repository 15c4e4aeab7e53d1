import { isCausedBy } from './cancelled.ts'
import type { Scope } from './scope.ts'

/** What leftovers rejected with: reported already, so it need not bring the process down as well. */
const reported = new Set<unknown>()

/**
 * Nobody awaits a leftover, so its rejection, and that of every promise made of it, would end the
 * process. While leftovers are awaited this listener keeps that from happening; for all other
 * rejections it does what Node does when there is no listener.
 */
function onUnhandledRejection(reason: unknown): void {
  if (isReported(reason)) return
  if (process.listenerCount('unhandledRejection') === 1) throw reason
}

function isReported(reason: unknown): boolean {
  for (const known of reported) if (isCausedBy(reason, known)) return true
  return reason instanceof AggregateError && reason.errors.every((part) => isReported(part))
}

/** Lets what `scope` fails with go unheard where it is a leftover: its failure is reported as such. */
export function expectFailure(scope: Scope, error: unknown): void {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) {
    if (each.ownReason?.source === 'scope-end') {
      expectRejections([error])()
      return
    }
  }
}

/** Lets promises reject with `reasons` unheard until a turn after the returned function was called. */
export function expectRejections(reasons: readonly unknown[]): () => void {
  if (reported.size === 0) process.on('unhandledRejection', onUnhandledRejection)
  for (const reason of reasons) reported.add(reason)
  return () => {
    setImmediate(() => {
      for (const reason of reasons) reported.delete(reason)
      if (reported.size === 0) process.off('unhandledRejection', onUnhandledRejection)
    })
  }
}
