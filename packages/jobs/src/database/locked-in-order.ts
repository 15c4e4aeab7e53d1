import { type RawBuilder, sql } from 'kysely'

/**
 * A `select` that locks the jobs it gives, and waits for those that others have locked. All that waits for more than
 * one job does it by this, in the order of their ids: so no two ever wait for each other. What can leave a job for
 * later skips those that are locked.
 *
 * @param from what follows `from`; the jobs are `job` in it
 */
export function lockedInOrder(
  columns: RawBuilder<unknown>,
  from: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`select ${columns} from ${from} order by job.id for update of job`
}
