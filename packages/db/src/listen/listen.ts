import { backoff, expectOptions } from '@yuzuru/concurrency/boundary'
import { isRetryable, moveOnAfter, sleep, TimeoutError } from '@yuzuru/concurrency'
import { QueueShutDown } from '@yuzuru/concurrency/sync'
import { bindingOf } from '../statements/binding.ts'
import { DbError } from '../wire/db-error.ts'
import { type ListenLine, type Notification, openLine } from './listen-line.ts'
import type { Queryable } from '../statements/queryable.ts'
import { identifier } from '../statements/sql-text.ts'

/** Options of {@link listen}. */
export interface ListenOptions {
  /**
   * Called each time listening has begun: at first, and again after each lost connection. Notifications in
   * between are lost, so check then for what you may have missed.
   */
  readonly onListening?: (() => void) | undefined
  /** How many notifications may wait to be taken, from 1 up. @default 10_000 */
  readonly bufferLimit?: number | undefined
  /** After how many milliseconds without a message to check that the connection is alive. @default 30_000 */
  readonly keepAliveMs?: number | undefined
}

/** What is waited before connecting again. */
const delayMs = backoff({ baseDelayMs: 100, maxDelayMs: 10_000 })
/** How long a sign of life may take. */
const PING_TIMEOUT_MS = 10_000

/**
 * Iterates over the notifications of a channel, on a connection of its own (or one lent by the pool that was
 * passed in). A lost connection is made again, for as long as it takes. It ends when the loop does.
 *
 * Notifications are not a queue: those sent while the connection was down are lost (see `onListening`).
 * Where each must be handled use `@yuzuru/jobs`.
 *
 * Behind PgBouncer in transaction mode no notification would arrive. That is detected at the beginning, or,
 * where the pooler happens to give the same backend, within `keepAliveMs` of it giving another.
 *
 * @throws {DbError} `listen_unsupported` behind such a pooler; `overloaded` when more than `bufferLimit` wait;
 *   `unauthenticated`, or another code of connecting, when trying again can't help; `closed`
 * @example
 * for await (const { payload } of listen(db, 'plans')) await refresh(payload)
 */
export async function* listen<DB>(
  db: Queryable<DB>,
  channel: string,
  options: ListenOptions = {},
): AsyncGenerator<Notification, void, undefined> {
  expectOptions(options, ['onListening', 'bufferLimit', 'keepAliveMs'], 'listen')
  const { bufferLimit = 10_000, keepAliveMs = 30_000 } = options
  identifier('channel', channel)
  const { context } = bindingOf(db)
  for (let failures = 0; ; failures += 1) {
    let line: ListenLine
    try {
      line = await openLine(context, channel, bufferLimit)
    } catch (error) {
      if (!isRetryable(error)) throw error
      await sleep(delayMs(failures + 1))
      continue
    }
    failures = 0
    try {
      options.onListening?.()
      for (;;) {
        const next = await take(line, keepAliveMs)
        if (next === 'lost') break
        if (next !== 'quiet') yield next
      }
    } finally {
      line.close()
    }
    if (line.overflowed) throw overflow(bufferLimit)
  }
}

async function take(
  line: ListenLine,
  keepAliveMs: number,
): Promise<Notification | 'quiet' | 'lost'> {
  try {
    const { expired, value } = await moveOnAfter(keepAliveMs, () => line.heard.get())
    if (!expired) return value
    await line.ping(PING_TIMEOUT_MS)
    return 'quiet'
  } catch (error) {
    if (DbError.isInstance(error) && error.code === 'listen_unsupported') throw error
    const lost = QueueShutDown.isInstance(error) || TimeoutError.isInstance(error)
    if (lost || DbError.isInstance(error)) return 'lost'
    throw error
  }
}

function overflow(limit: number): DbError {
  return new DbError(`More than ${limit} notifications wait to be taken`, {
    operation: 'listen',
    code: 'overloaded',
    outcome: 'none',
  })
}
