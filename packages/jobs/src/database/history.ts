import { type RawBuilder, sql } from 'kysely'
import { errorsWith } from './kept-errors.ts'

const KEPT = sql`last_error, errors`

/**
 * Moves what a CTE has deleted into the history, in the same statement: a job is in one of the two tables at
 * every moment.
 *
 * @param from the name of the CTE; it has the columns of `yuzuru_jobs`
 * @param state what the job becomes
 * @param error what its last attempt failed with, as JSON; null for nothing
 * @param result what its handler returned, as JSON; null for nothing
 */
export function intoHistory(
  from: string,
  state: RawBuilder<unknown>,
  error?: RawBuilder<unknown>,
  result: RawBuilder<unknown> = sql`null::json`,
): RawBuilder<unknown> {
  return sql`
    insert into yuzuru_job_history (id, claim, name, queue, state, payload, version, priority, unique_key, attempt,
      max_attempts, run_at, enqueued_at, started_at, finished_at, group_key, serial_key, tenant, last_error, errors, origin,
      watched, result)
    select id, claim, name, queue, ${state}, payload, version, priority, unique_key, attempt,
      max_attempts, run_at, enqueued_at, started_at, now(), group_key, serial_key, tenant,
      ${error === undefined ? KEPT : sql`coalesce(${error}, last_error), ${errorsWith(from, error)}`},
      origin, watched, ${result}
    from ${sql.id(from)}`
}

/**
 * Puts what has ended back into the queue, due at once and with all its attempts: `from` has the history's columns. A
 * job of a group goes behind all others of it.
 */
export function backIntoQueue(from: string): RawBuilder<unknown> {
  return sql`
    insert into yuzuru_jobs (id, claim, name, queue, payload, version, priority, unique_key, max_attempts,
      run_at, enqueued_at, group_key, serial_key, tenant, stage, last_error, errors, origin, watched)
    select id, claim, name, queue, payload, version, priority, unique_key, max_attempts,
      now(), enqueued_at, group_key, serial_key, tenant,
      case when group_key is not null then 3 when tenant is not null then 4 else 0 end,
      last_error, errors, origin, watched
    from ${sql.id(from)}`
}
