import { io, Queue } from '@yuzuru/concurrency'
import type { DatabaseContext } from './database-context.ts'
import type { Loan } from './pool.ts'
import { translateError } from './translate-error.ts'

/** What PostgreSQL told a listener. */
export interface Notification {
  readonly channel: string
  /** Up to 8000 bytes; empty where `notify` gave none. */
  readonly payload: string
}

/** A connection that listens. */
export interface ListenLine {
  /** Shut down when the connection is lost. */
  readonly heard: Queue<Notification>
  /** Whether it was given up because nobody took what was heard. */
  readonly overflowed: boolean
  /** @throws {DbError} when the server gives no sign of life in time; the line is lost then */
  ping(timeoutMs: number): Promise<void>
  close(): void
}

const translate = (error: unknown): Error => translateError('listen', error, 'none')
const CALL = { boundary: 'db', operation: 'listen', effect: 'read', translate } as const

/** Connects and has the server send what is notified on `channel`. */
export async function openLine(
  context: DatabaseContext,
  channel: string,
  limit: number,
): Promise<ListenLine> {
  const { types } = context
  const heard = new Queue<Notification>({ name: 'notifications', maxSize: limit })
  let overflowed = false
  const loan: Loan = await io(CALL, {}, async (signal) => {
    const loan = await context.sessions.dedicate(signal)
    const { client } = loan.session
    const end = (): void => heard.shutdown()
    client.on('end', end)
    client.on('error', end)
    client.on('notification', ({ payload }: { payload?: string }) => {
      if (heard.isShutDown || heard.tryPut({ channel, payload: payload ?? '' })) return
      overflowed = true
      loan.session.destroy()
    })
    try {
      await loan.session.query({ text: `listen "${channel.replaceAll('"', '""')}"`, types }, signal)
      return loan
    } catch (error) {
      loan.session.destroy()
      loan.release()
      throw error
    }
  })
  return {
    heard,
    get overflowed() {
      return overflowed
    },
    async ping(timeoutMs) {
      await io(CALL, { timeoutMs }, (signal) =>
        loan.session.query({ text: 'select 1', types }, signal, 'destroy'),
      )
    },
    close() {
      // It listens for the rest of its life: nobody else is to have it.
      loan.session.destroy()
      loan.release()
    },
  }
}
