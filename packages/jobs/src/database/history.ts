import { type RawBuilder, sql } from 'kysely'

/**
 * Moves what a CTE has deleted into the history, in the same statement: a job is in one of the two tables at
 * every moment.
 *
 * @param from the name of the CTE; it has the columns of `yuzuru_jobs`
 * @param state what the job becomes
 * @param error its last error
 */
export function intoHistory(
  from: string,
  state: RawBuilder<unknown>,
  error: RawBuilder<unknown> = sql`last_error`,
): RawBuilder<unknown> {
  return sql`
    insert into yuzuru_job_history (id, claim, name, queue, state, payload, version, priority, unique_key, attempt,
      max_attempts, run_at, enqueued_at, started_at, finished_at, last_error, origin)
    select id, claim, name, queue, ${state}, payload, version, priority, unique_key, attempt,
      max_attempts, run_at, enqueued_at, started_at, now(), ${error}, origin
    from ${sql.id(from)}`
}
