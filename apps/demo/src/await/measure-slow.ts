import { randomUUID } from 'node:crypto'
import {
  currentSignal,
  gather,
  IoError,
  sleep,
  TimeoutError,
  withTimeout,
} from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** The budget of the slow page, in milliseconds, and how long its query would take, in seconds. */
export const BUDGET_MS = 300
export const SLOW_SECONDS = 5

/** The mark by which slow queries are found in `pg_stat_activity`. */
const SLOW_MARK = 'keikaku_slow_page'

/** A unique mark, to find one particular query: another visitor may run the page at the same time. */
const newMark = (): string => `${SLOW_MARK}_${randomUUID().slice(0, 8)}`

/**
 * Runs the slow query within its budget. No signal is passed, and yet it ends on the server with the budget.
 *
 * @param onEnd called when the budget has ended and the query is being cancelled
 */
export async function runSlowQuery(
  db: Queryable<Schema>,
  onEnd: () => void = () => undefined,
  mark: string = SLOW_MARK,
): Promise<void> {
  await withTimeout(
    BUDGET_MS,
    () => {
      currentSignal()?.addEventListener('abort', onEnd, { once: true })
      return sql`select pg_sleep(${SLOW_SECONDS}) as ${sql.ref(mark)}`.execute(db)
    },
    { name: 'the slow page' },
  )
}

/** How the slow query ended. */
export interface SlowFigures {
  /** The error that the caller got, with its outcome. */
  readonly error: string
  readonly outcome: string
  /** When the budget ended and the cancel went out, in milliseconds from the start. */
  readonly cancelMs: number
  /** When the caller got the error, in milliseconds from the start. */
  readonly callerMs: number
  /**
   * How old the query was when it was first missing from `pg_stat_activity`, in milliseconds by the
   * server's clock.
   */
  readonly goneMs: number
}

/**
 * Runs the slow query, and watches it on the server over another connection.
 *
 * @throws the error of a query that ended before it was seen there
 */
export async function measureSlow(db: Queryable<Schema>): Promise<SlowFigures> {
  const start = performance.now()
  const mark = newMark()
  let isOver = false
  const { ended, goneMs } = await gather({
    ended: async () => {
      let cancelMs = Number.NaN
      const note = (): void => void (cancelMs = performance.now() - start)
      const error = await runSlowQuery(db, note, mark).catch((thrown: unknown) => thrown)
      isOver = true
      return { error, cancelMs, callerMs: performance.now() - start }
    },
    goneMs: () => watchSlowQuery(db, { mark, isOver: () => isOver }),
  })
  const { error, cancelMs, callerMs } = ended
  const isKnown = TimeoutError.isInstance(error) || IoError.isInstance(error)
  if (!isKnown || goneMs === undefined) throw error
  return { error: error.name, outcome: error.outcome, cancelMs, callerMs, goneMs }
}

/** Which slow query to watch. */
interface Watch {
  /** The mark of the query. */
  readonly mark?: string
  /** Whether it is over for its caller. A query that was not seen by then never will be. */
  readonly isOver?: () => boolean
}

/**
 * Watches a slow query on the server, the first that it sees, until that one is gone.
 *
 * @returns how old it was when it was first seen to be gone, by the server's clock, in milliseconds; `undefined` when
 *   it was never seen
 */
export async function watchSlowQuery(
  db: Queryable<Schema>,
  { mark = SLOW_MARK, isOver = () => false }: Watch = {},
): Promise<number | undefined> {
  let seen: { readonly pid: number; readonly started: number } | undefined
  for (;;) {
    const wasOver = isOver()
    const { rows } = await sql<{ now: number; pid: number | null; started: number | null }>`
      select extract(epoch from clock_timestamp())::float8 as now, query.pid, query.started
      from (select) as here left join lateral (
        select pid, extract(epoch from query_start)::float8 as started
        from pg_stat_activity
        where state = 'active' and query like ${`%${mark}%`} and pid <> pg_backend_pid()
          and query not like '%pg_stat_activity%'
        order by (pid, extract(epoch from query_start)::float8) = (${seen?.pid ?? 0}::integer, ${seen?.started ?? 0}::float8) desc
        limit 1
      ) as query on true`.execute(db)
    const { now = 0, pid = null, started = null } = rows[0] ?? {}
    if (seen !== undefined && (pid !== seen.pid || started !== seen.started)) {
      return (now - seen.started) * 1_000
    }
    if (pid !== null && started !== null) seen = { pid, started }
    else if (wasOver) return undefined
    await sleep(2)
  }
}
