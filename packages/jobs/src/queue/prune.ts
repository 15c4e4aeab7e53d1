import type { IoOptions } from '@yuzuru/concurrency'
import { expectMilliseconds, expectRequiredOptions, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { FINISHED } from '../job/job-state.ts'

/** Options of {@link prune}. */
export interface PruneOptions extends IoOptions {
  /** Only what has been finished for at least so long, in milliseconds from 0 up, by the database's clock. */
  readonly olderThanMs: number
  /** @default ['completed', 'cancelled'] (failed ones are kept for a person to look at) */
  readonly states?: readonly ('completed' | 'failed' | 'cancelled')[] | undefined
}

const PRUNE_OPTIONS = Object.keys({
  olderThanMs: true,
  states: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof PruneOptions, true>)

/** How many rows one statement deletes. */
const BATCH = 1_000

/**
 * Deletes finished jobs, a thousand in a statement, so that no lock is held for long, and events that were sent as
 * long ago. Unfinished jobs are never deleted, nor are those whose result an unfinished one may still ask for: the jobs
 * that come before it in its flow, and its children.
 *
 * @returns how many jobs were deleted
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await prune(db, { olderThanMs: 7 * 86_400_000 })
 */
export async function prune<DB>(db: Queryable<DB>, options: PruneOptions): Promise<number> {
  expectDatabase(db)
  expectRequiredOptions(options, PRUNE_OPTIONS, 'prune')
  const { olderThanMs, states = ['completed', 'cancelled'] } = options
  expectMilliseconds('olderThanMs', olderThanMs, 0, Number.MAX_SAFE_INTEGER)
  if (!Array.isArray(states) || !states.every((state) => FINISHED.includes(state))) {
    throw new TypeError(`Expected states to be some of ${FINISHED.join(', ')}`)
  }
  return await oneCall('jobs.prune', options, async () => {
    const pruned = await pruneJobs(db, olderThanMs, states)
    await pruneEvents(db, olderThanMs)
    return pruned
  })
}

/** Deletes jobs that ended as long ago. */
async function pruneJobs(
  db: QueryExecutorProvider,
  olderThanMs: number,
  states: readonly string[],
): Promise<number> {
  let pruned = 0
  for (;;) {
    const deleted = await execute(
      db,
      { operation: 'prune', effect: 'idempotent' },
      sql<{ id: string }>`
        with old as materialized (
          select ctid as place from yuzuru_job_history as history
          where state = any (array(select jsonb_array_elements_text(${JSON.stringify(states)}::jsonb)))
            and finished_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
            and ${NOT_NEEDED}
          limit ${BATCH}::integer for update skip locked
        ), gone as (
          delete from yuzuru_job_history where ctid = any (array(select place from old)) returning id
        ), steps as (
          delete from yuzuru_job_steps where job_id in (select id from gone)
        ), links as (
          delete from yuzuru_job_links where job_id in (select id from gone)
        ), progress as (
          delete from yuzuru_job_progress where job_id in (select id from gone)
        ), tags as (
          delete from yuzuru_job_tags where job_id in (select id from gone)
        )
        select id::text as id from gone`,
    )
    pruned += deleted.length
    if (deleted.length < BATCH) return pruned
  }
}

/**
 * A condition: that no unfinished job may still ask how this one ended. Each is a look by an index for one job, and no join
 * of whole tables.
 */
const NOT_NEEDED = sql`(
    select true from yuzuru_job_links as link join yuzuru_jobs as job on job.id = link.job_id
    where link.after_id = history.id limit 1
  ) is null and (
    select true from yuzuru_job_steps as step join yuzuru_jobs as job on job.id = step.job_id
    where step.child = history.id and step.settled is null limit 1
  ) is null`

/** Deletes events as old as that. */
async function pruneEvents(db: QueryExecutorProvider, olderThanMs: number): Promise<void> {
  for (;;) {
    const deleted = await execute(
      db,
      { operation: 'prune', effect: 'idempotent' },
      sql`
        delete from yuzuru_job_events where id = any (array(
          select id from yuzuru_job_events
          where sent_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
          order by sent_at limit ${BATCH}::integer for update skip locked
        )) returning id`,
    )
    if (deleted.length < BATCH) return
  }
}
