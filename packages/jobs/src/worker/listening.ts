import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { type Database, DbError, listen } from '@yuzuru/db'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import type { WorkerEvent } from './worker-event.ts'

/** LISTEN: gives something whenever the channel is notified. */
export type Listen = (channel: string) => AsyncIterable<unknown>

/** What hears. */
export interface Listener {
  /** Whether it hears of new work. */
  isListening: boolean
  /** There may be more work than there was. @param hasSignals whether something may have come that jobs wait for */
  look(hasSignals: boolean): void
}

/** Has `listener` look at each notification. A source that ends or fails is started again; polling goes on. */
export async function listenFor(
  source: Listen,
  listener: Listener,
  againAfterMs: number,
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  for (;;) {
    throwIfCancelled()
    try {
      const notifications = source(CHANNEL)[Symbol.asyncIterator]()
      listener.isListening = true
      try {
        for (;;) {
          const { done, value } = await notifications.next()
          if (done === true) break
          listener.look(fieldOf(value, 'payload') === SIGNALS)
        }
      } finally {
        await notifications.return?.()
      }
    } catch (error) {
      throwIfCancelled()
      emit({ type: 'error', operation: 'listen', error })
    }
    listener.isListening = false
    await sleep(againAfterMs)
    // What was announced while nobody listened.
    listener.look(true)
  }
}

/**
 * Listens on a connection of the database's own. What is announced while there is none (before the first, and
 * between a lost one and the next) is looked for as soon as there is one again. Behind a pooler through which
 * nothing would be heard it gives up without a word: then the worker polls.
 */
export async function listenOn(
  db: Database<unknown>,
  listener: Listener,
  againAfterMs: number,
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  const onListening = (): void => {
    listener.isListening = true
    listener.look(true)
  }
  for (;;) {
    try {
      for await (const { payload } of listen(db, CHANNEL, { onListening })) {
        listener.look(payload === SIGNALS)
      }
    } catch (error) {
      throwIfCancelled()
      listener.isListening = false
      if (DbError.isInstance(error) && error.code === 'listen_unsupported') return
      emit({ type: 'error', operation: 'listen', error })
    }
    listener.isListening = false
    await sleep(againAfterMs)
  }
}
