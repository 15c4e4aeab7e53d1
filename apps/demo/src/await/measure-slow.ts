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

/** What the slow page may cost, in milliseconds, and how long its query would take. */
export const BUDGET_MS = 300
export const SLOW_SECONDS = 5

/** What the slow query is known by in `pg_stat_activity`. */
const SLOW_MARK = 'keikaku_slow_page'

/**
 * Runs the slow query within its budget. No signal is passed, and yet it ends on the server with the budget.
 *
 * @param onEnd is called when the budget has ended: the query is being cancelled
 */
export async function runSlowQuery(
  db: Queryable<Schema>,
  onEnd: () => void = () => undefined,
): Promise<void> {
  await withTimeout(
    BUDGET_MS,
    () => {
      currentSignal()?.addEventListener('abort', onEnd, { once: true })
      return sql`select pg_sleep(${SLOW_SECONDS}) as ${sql.ref(SLOW_MARK)}`.execute(db)
    },
    { name: 'the slow page' },
  )
}

/** How the slow query ended. */
export interface SlowFigures {
  /** The error that the caller got, and what it says of the effect. */
  readonly error: string
  readonly outcome: string
  /** When the budget ended and the cancel went out, in milliseconds from the start. */
  readonly cancelMs: number
  /** When the caller got it, in milliseconds from the start. */
  readonly callerMs: number
  /** How old the query was when it was first gone from `pg_stat_activity`, by the server's clock. */
  readonly goneMs: number
}

/** Runs the slow query, and watches it on the server by another connection. */
export async function measureSlow(db: Queryable<Schema>): Promise<SlowFigures> {
  const start = performance.now()
  const { ended, goneMs } = await gather({
    ended: async () => {
      let cancelMs = Number.NaN
      const note = (): void => void (cancelMs = performance.now() - start)
      const error = await runSlowQuery(db, note).catch((thrown: unknown) => thrown)
      return { error, cancelMs, callerMs: performance.now() - start }
    },
    goneMs: () => watchSlowQuery(db),
  })
  const { error, cancelMs, callerMs } = ended
  if (!TimeoutError.isInstance(error) && !IoError.isInstance(error)) throw error
  return { error: error.name, outcome: error.outcome, cancelMs, callerMs, goneMs }
}

/**
 * Watches the slow query on the server until it is gone.
 *
 * @returns how old it was when it was first seen to be gone, by the server's clock, in milliseconds
 */
export async function watchSlowQuery(db: Queryable<Schema>): Promise<number> {
  let startedAt: number | undefined
  for (;;) {
    const { rows } = await sql<{ now: number; started: number | null }>`
      select extract(epoch from clock_timestamp())::float8 as now, (
        select extract(epoch from query_start)::float8
        from pg_stat_activity
        where state = 'active' and query like ${`%${SLOW_MARK}%`}
          and query not like '%pg_stat_activity%'
        limit 1
      ) as started`.execute(db)
    const { now = 0, started = null } = rows[0] ?? {}
    if (started === null && startedAt !== undefined) return (now - startedAt) * 1_000
    startedAt = started ?? undefined
    await sleep(2)
  }
}
