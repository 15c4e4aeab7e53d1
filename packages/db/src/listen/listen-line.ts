import { io, TimeoutError } from '@yuzuru/concurrency'
import { Queue } from '@yuzuru/concurrency/sync'
import type { DatabaseContext } from '../statements/database-context.ts'
import { DbError } from '../wire/db-error.ts'
import type { SessionLease } from '../connections/session-source.ts'
import { identifier } from '../statements/sql-text.ts'
import { translateError } from '../wire/translate-error.ts'

/** A message on a channel. */
export interface Notification {
  readonly channel: string
  /** Up to 8000 bytes; empty where `notify` gave none. */
  readonly payload: string
}

/** A connection that listens. */
export interface ListenLine {
  /** Shut down when the connection is lost. */
  readonly heard: Queue<Notification>
  /** Whether it was given up because too many notifications waited to be taken. */
  readonly overflowed: boolean
  /**
   * @throws {DbError} when the server gives no sign of life in time; the line is lost then.
   *   `listen_unsupported` when it is not the backend that listens which answers
   */
  ping(timeoutMs: number): Promise<void>
  close(): void
}

const BACKEND = 'select pg_backend_pid() as pid'

/** How long each step may take that finds out what kind of pooler there is, in milliseconds. */
const PROBE_TIMEOUT_MS = 2_000

const translate = (error: unknown): Error =>
  DbError.isInstance(error) ? error : translateError('listen', error, 'none')
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
  /** The server's process that listens. */
  let backend: unknown
  const leased: SessionLease = await io(CALL, {}, async (signal) => {
    const leased = await context.sessions.dedicate(signal)
    const { wire } = leased.session
    const end = (): void => heard.shutdown()
    wire.onLost(end)
    wire.onNotification(({ payload }) => {
      if (heard.isShutDown || heard.tryPut({ channel, payload: payload ?? '' })) return
      overflowed = true
      leased.session.destroy()
    })
    try {
      const text = `listen ${identifier('channel', channel)}; ${BACKEND}`
      const { rows } = await leased.session.query({ text, types }, signal)
      backend = rows[0]?.['pid']
      return leased
    } catch (error) {
      leased.session.destroy()
      leased.release()
      throw error
    }
  })
  const line: ListenLine = {
    heard,
    get overflowed() {
      return overflowed
    },
    async ping(timeoutMs) {
      const { rows } = await io(CALL, { timeoutMs }, (signal) =>
        leased.session.query({ text: BACKEND, types }, signal, 'destroy'),
      )
      if (rows[0]?.['pid'] !== backend) throw unsupported()
    },
    close() {
      // It listens for the rest of its life: it must not go back to a pool.
      leased.session.destroy()
      leased.release()
    },
  }
  // A pooler between has a process id of its own. One that keeps to one backend is as good as none.
  if (backend !== leased.session.wire.processId) {
    await expectOneBackend(context, line).catch((error: unknown) => {
      line.close()
      throw error
    })
  }
  return line
}

/**
 * Finds out whether a pooler shares out backends. If it does, the backend that listens is free, so that
 * the next transaction may get it, and the line gets another.
 *
 * @throws {DbError} `listen_unsupported`
 */
async function expectOneBackend(context: DatabaseContext, line: ListenLine): Promise<void> {
  const other = await beginElsewhere(context)
  try {
    if (other !== undefined) await line.ping(PROBE_TIMEOUT_MS)
  } catch (error) {
    // The pooler has no other backend: that the line has to wait for one proves as much.
    throw TimeoutError.isInstance(error) ? unsupported() : error
  } finally {
    other?.session.destroy()
    other?.release()
  }
}

/** A session with an open transaction; `undefined` when none can be had now, which proves nothing. */
async function beginElsewhere({
  sessions,
  types,
}: DatabaseContext): Promise<SessionLease | undefined> {
  try {
    return await io(CALL, { timeoutMs: PROBE_TIMEOUT_MS }, async (signal) => {
      const leased = await sessions.dedicate(signal)
      try {
        await leased.session.query({ text: `begin; ${BACKEND}`, types }, signal, 'destroy')
        return leased
      } catch (error) {
        leased.session.destroy()
        leased.release()
        throw error
      }
    })
  } catch (error) {
    if (TimeoutError.isInstance(error)) return undefined
    throw error
  }
}

function unsupported(): DbError {
  return new DbError(
    'A pooler between shares out the backends of the server (PgBouncer in transaction mode), so what is notified would not be heard. Listen through a database that goes to the server itself',
    { operation: 'listen', code: 'listen_unsupported', outcome: 'none' },
  )
}
