import { isCausedBy } from './cancelled.ts'

/** What leftovers rejected with: reported already, so it need not bring the process down as well. */
const reported = new Set<unknown>()

/**
 * Nobody awaits a leftover, so its rejection, and that of every promise made of it, would end the
 * process. While leftovers are awaited this listener keeps that from happening; for all other
 * rejections it does what Node does when there is no listener.
 */
function onUnhandledRejection(reason: unknown): void {
  for (const known of reported) if (isCausedBy(reason, known)) return
  if (process.listenerCount('unhandledRejection') === 1) throw reason
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
