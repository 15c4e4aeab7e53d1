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
 * Puts what has ended back into the queue, with all its attempts: `from` has the history's columns. It is due at once; a
 * job of a group goes behind all others of it, and one of a flow waits for the jobs that come before it there and are
 * unfinished, or are put back with it.
 *
 * What waits must leave a signal for itself ({@link signalled}): a job before it may end meanwhile.
 */
export function backIntoQueue(from: string): RawBuilder<unknown> {
  const back = sql.id(from)
  return sql`
    insert into yuzuru_jobs (id, claim, name, queue, payload, version, priority, unique_key, max_attempts,
      run_at, enqueued_at, group_key, serial_key, tenant, stage, waits, last_error, errors, origin, watched)
    select id, claim, name, queue, payload, version, priority, unique_key, max_attempts,
      case when waits then now() + interval '100 years' else now() end, enqueued_at, group_key, serial_key, tenant,
      case when group_key is not null then 3 when waits then 1 when tenant is not null then 4 else 0 end,
      waits, last_error, errors, origin, watched
    from (
      select *, (
        select true from yuzuru_job_links as link
        where link.job_id = ${back}.id and (link.after_id in (select id from ${back})
          or exists (select from yuzuru_jobs as before where before.id = link.after_id)) limit 1
      ) as waits from ${back}
    ) as back`
}

/** A statement that leaves a signal for each of those that wait, of a CTE that returns `id` and `waits`. */
export function signalled(from: string): RawBuilder<unknown> {
  return sql`insert into yuzuru_job_signals (job_id) select id from ${sql.id(from)} where waits`
}
