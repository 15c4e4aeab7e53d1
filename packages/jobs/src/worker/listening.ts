import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import type { WorkerEvent } from './worker-event.ts'

/** LISTEN: gives something whenever the channel is notified. */
export type Listen = (channel: string) => AsyncIterable<unknown>

/** Calls `wake` for each notification. A listener that ends or fails is started again; polling goes on. */
export async function listenFor(
  listen: Listen,
  wake: () => void,
  againAfterMs: number,
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  for (;;) {
    throwIfCancelled()
    try {
      const notifications = listen(CHANNEL)[Symbol.asyncIterator]()
      try {
        while ((await notifications.next()).done !== true) wake()
      } finally {
        await notifications.return?.()
      }
    } catch (error) {
      throwIfCancelled()
      emit({ type: 'error', operation: 'listen', error })
    }
    await sleep(againAfterMs)
    // What was announced while nobody listened.
    wake()
  }
}

/** The database's own method `listen`, if it has one. */
export function ownListen(db: QueryExecutorProvider): Listen | undefined {
  if (!('listen' in db) || typeof db.listen !== 'function') return undefined
  return (channel) => (db as { listen: Listen }).listen(channel)
}
