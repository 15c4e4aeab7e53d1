import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import type { JobState } from '../job/job-state.ts'

/** A job that may have ended. */
export interface EndedJob {
  readonly id: string
  readonly name: string
  /** `undefined` while it has not ended. */
  readonly state: JobState | undefined
  /** JSON; `undefined` for none. */
  readonly result: string | undefined
  /** What is kept of its last error, as JSON; `undefined` for none. */
  readonly error: string | undefined
}

const CALL = { operation: 'waitFor', effect: 'idempotent' } as const

/**
 * Has jobs notify when they end. One whose row another transaction has locked is passed over, and not waited for: it may be
 * a claim, or the transaction that completes it.
 *
 * @returns those that were passed over
 */
export async function watch(
  db: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<string[]> {
  const unwatched = sql`
    from yuzuru_jobs where id = any (${arrayLiteral(ids)}::uuid[]) and coalesce(watched, 0) & 1 = 0`
  const passed = await execute(
    db,
    CALL,
    sql<{ id: string }>`
      with free as materialized (
        select id ${unwatched} order by id for no key update skip locked
      ), watched as (
        update yuzuru_jobs set watched = coalesce(watched, 0) | 1 where id = any (array(select id from free))
      )
      select id::text as id ${unwatched} and id not in (select id from free)`,
    options,
  )
  return passed.map(({ id }) => id)
}

/** How jobs stand, at one moment. Those that are missing do not exist, or no longer. */
export async function lookAt(
  db: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<Map<string, EndedJob>> {
  const all = arrayLiteral(ids)
  const rows = await execute(
    db,
    CALL,
    sql<{ [K in keyof EndedJob]: EndedJob[K] | null }>`
      select id::text as id, name, null as state, null as result, null as error
      from yuzuru_jobs where id = any (${all}::uuid[])
      union all
      select id::text, name, state, result::text, last_error::text
      from yuzuru_job_history where id = any (${all}::uuid[])`,
    options,
  )
  return new Map(
    rows.map(({ id, name, state, result, error }) => [
      id as string,
      {
        id: id as string,
        name: name as string,
        state: state ?? undefined,
        result: result ?? undefined,
        error: error ?? undefined,
      },
    ]),
  )
}
