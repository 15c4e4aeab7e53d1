import { cancelScope, type CancelScope } from '@yuzuru/concurrency'
import { type BatchContext, type BatchHandler, itemOf, type Member } from './batch-item.ts'

const CONTEXT: BatchContext = {
  tx: () => {
    throw new TypeError("Expected a batch job of mode: 'transactional', got tx() in one without it")
  },
}

/**
 * Runs a batch of which each job ends by itself. When all that are left of it are cancelled, so is the batch. Never
 * throws.
 */
export async function runOneByOne<Payload, Result>(
  members: readonly Member<Payload, Result>[],
  run: BatchHandler<Payload, Result>,
): Promise<void> {
  const items = members.map((member) => {
    return itemOf(member, { complete: member.resolve, fail: member.reject })
  })
  try {
    await cancelScope(async (scope) => {
      const leave = stopWith(members, scope)
      try {
        await run(items, CONTEXT)
      } finally {
        leave()
      }
    })
    for (const { resolve } of members) resolve(undefined as Result)
  } catch (error) {
    // One that was ended says so itself: by its own timeout, say.
    for (const { reject, signal } of members) reject(signal.aborted ? signal.reason : error)
  }
}

/** Cancels a batch when all that are left of it are cancelled, until the function that it returns is called. */
function stopWith<Payload, Result>(
  members: readonly Member<Payload, Result>[],
  scope: CancelScope,
): () => void {
  const stop = (): void => {
    const left = members.filter(({ isSettled }) => !isSettled)
    if (left.length === 0 || !left.every(({ signal }) => signal.aborted)) return
    scope.cancel('all that are left of the batch are cancelled')
  }
  for (const member of members) {
    // The last that was not cancelled may be settled by the handler.
    member.onSettled = stop
    member.signal.addEventListener('abort', stop)
  }
  return () => {
    for (const member of members) {
      member.onSettled = undefined
      member.signal.removeEventListener('abort', stop)
    }
  }
}
