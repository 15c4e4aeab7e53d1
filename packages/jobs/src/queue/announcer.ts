import { detached } from '@yuzuru/concurrency'
import { databaseOf } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'

/**
 * How long a process keeps quiet after it announced work, in milliseconds. PostgreSQL lets transactions that
 * notify commit one after the other, so that a NOTIFY with every job would make all of them wait in line.
 */
export const QUIET_MS = 10

/**
 * Tells the workers of one database that there is work: at once when it has been quiet, and otherwise once,
 * for all that came meanwhile, when the quiet time has passed.
 */
export class Announcer {
  #announcedAt = -Infinity
  #isPending = false
  #payload = ''

  /** Whether a statement that makes a job is to notify by itself. It counts as if it did. */
  takeTurn(): boolean {
    const now = performance.now()
    if (now - this.#announcedAt < QUIET_MS) return false
    this.#announcedAt = now
    return true
  }

  /** Notifies a little later, in nobody's scope. When that fails the workers find the job when they next look. */
  soon(db: QueryExecutorProvider, payload: string = ''): void {
    // One of signals has the workers look for jobs as well.
    if (payload !== '') this.#payload = payload
    if (this.#isPending) return
    this.#isPending = true
    const announce = async (): Promise<void> => {
      this.#isPending = false
      this.#announcedAt = performance.now()
      const said = this.#payload
      this.#payload = ''
      await sql`select pg_notify(${CHANNEL}::text, ${said}::text)`
        .execute({ getExecutor: () => db.getExecutor().withoutPlugins() })
        .catch(() => undefined)
    }
    const waitMs = Math.max(0, this.#announcedAt + QUIET_MS - performance.now())
    // It keeps no process alive.
    detached(() => setTimeout(() => void announce(), waitMs).unref())
  }
}

const announcers = new WeakMap<object, Announcer>()

/** The one for a database, be it given by a transaction. */
export function announcerOf(db: QueryExecutorProvider): Announcer {
  const key = databaseOf(db) ?? db.getExecutor().adapter
  let announcer = announcers.get(key)
  if (announcer === undefined) announcers.set(key, (announcer = new Announcer()))
  return announcer
}
