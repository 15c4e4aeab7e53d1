import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { CHANNEL } from './channel.ts'
import type { WorkerEvent } from './worker-event.ts'

/** Calls `wake` for each notification. A listener that ends or fails is started again; polling goes on. */
export async function listenFor(
  listen: (channel: string) => AsyncIterable<unknown>,
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
