import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import type { JobState } from '../job/job-state.ts'

/** How the queue stands. */
export interface JobStats extends Readonly<Record<JobState, number>> {
  /** How long the longest-waiting job that is due has been due, in milliseconds; 0 when none is. */
  readonly oldestWaitingMs: number
}

/** Counts the jobs. It reads the whole table: for a page or a gauge, not for every request. */
export async function jobStats<DB>(db: Queryable<DB>, options: IoOptions = {}): Promise<JobStats> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'jobStats')
  const rows = await execute(
    db,
    { operation: 'jobStats', effect: 'read' },
    sql<{ state: JobState; count: number; oldest: number | null }>`
      select state, count(*)::float8 as count,
        date_part('epoch', now() - min(run_at) filter (where state = 'waiting' and run_at <= now()))
          * 1000 as oldest
      from (
        select case when worker is null then 'waiting' else 'running' end as state, run_at
        from yuzuru_jobs
      ) as unfinished group by state
      union all
      select state, count(*)::float8, null from yuzuru_job_history group by state`,
    options,
  )
  const count = (state: JobState): number => rows.find((row) => row.state === state)?.count ?? 0
  return {
    waiting: count('waiting'),
    running: count('running'),
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    oldestWaitingMs: rows.find((row) => row.state === 'waiting')?.oldest ?? 0,
  }
}
