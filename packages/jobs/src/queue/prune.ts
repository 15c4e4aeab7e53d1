import type { IoOptions } from '@yuzuru/concurrency'
import { expectMilliseconds, expectRequiredOptions, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { momentText } from '../database/moment-text.ts'
import { textList } from '../database/text-list.ts'
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
 * long ago, and before any job was enqueued that is unfinished. Unfinished jobs are never deleted, nor are those whose
 * result one may still ask for that is unfinished, or has failed or was cancelled, stays, and may be put back: the jobs
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

/** The longest age that there is, in milliseconds: PostgreSQL knows no moment long before. */
const LONGEST_MS = 1e13

/** The moment before which all is old. */
const before = (olderThanMs: number): RawBuilder<unknown> =>
  sql`now() - ${Math.min(olderThanMs, LONGEST_MS)}::float8 * interval '1 millisecond'`

/** Deletes jobs that ended as long ago. */
async function pruneJobs(
  db: QueryExecutorProvider,
  olderThanMs: number,
  states: readonly string[],
): Promise<number> {
  const isOld = (of: 'history' | 'kept'): RawBuilder<unknown> => sql`
    ${sql.ref(`${of}.state`)} = any (${textList(states)})
    and ${sql.ref(`${of}.finished_at`)} <= ${before(olderThanMs)}`
  let pruned = 0
  for (;;) {
    const deleted = await execute(
      db,
      { operation: 'prune', effect: 'idempotent' },
      sql<{ id: string }>`
        with old as materialized (
          select ctid as place from yuzuru_job_history as history
          where ${isOld('history')} and ${notNeeded(isOld('kept'))}
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
 * A condition: that no job may still ask how this one ended: none that is unfinished, and none that was not completed, may
 * be put back, and stays. Each is a look by an index for one job, and no join of whole tables.
 *
 * @param isOld whether a job `kept` that has ended is old itself
 */
function notNeeded(isOld: RawBuilder<unknown>): RawBuilder<unknown> {
  const link = sql`yuzuru_job_links as asking`
  const isLinked = sql`asking.after_id = history.id`
  const step = sql`yuzuru_job_steps as asking`
  const isParent = sql`asking.child = history.id and asking.settled is null`
  const unfinished = sql`yuzuru_jobs as job on job.id = asking.job_id`
  const ended = sql`yuzuru_job_history as kept on kept.id = asking.job_id`
  const staying = sql`kept.state <> 'completed' and not (${isOld})`
  return sql`(select true from ${link} join ${unfinished} where ${isLinked} limit 1) is null
    and (select true from ${step} join ${unfinished} where ${isParent} limit 1) is null
    and (select true from ${link} join ${ended} where ${isLinked} and ${staying} limit 1) is null
    and (select true from ${step} join ${ended} where ${isParent} and ${staying} limit 1) is null`
}

/**
 * Deletes events as old as that, if no unfinished job may come to wait for them: they were sent before any of those was
 * enqueued. The bound is found once: what is enqueued from now on is later, and its events are too.
 */
async function pruneEvents(db: QueryExecutorProvider, olderThanMs: number): Promise<void> {
  const call = { operation: 'prune', effect: 'idempotent' } as const
  const [bound] = await execute(
    db,
    call,
    sql<{ until: string; floor: string | null }>`
      select ${momentText(sql`until`)} as until,
        (select ${momentText(sql`min(enqueued_at)`)} from yuzuru_jobs) as floor
      from (select ${before(olderThanMs)} as until) as old
      where exists (select from yuzuru_job_events where sent_at <= until)`,
  )
  if (bound === undefined) return
  const { until, floor } = bound
  for (;;) {
    const deleted = await execute(
      db,
      call,
      sql`
        delete from yuzuru_job_events where id = any (array(
          select id from yuzuru_job_events
          where sent_at <= ${until}::timestamptz and sent_at < coalesce(${floor}::timestamptz, 'infinity')
          order by sent_at limit ${BATCH}::integer for update skip locked
        )) returning id`,
    )
    if (deleted.length < BATCH) return
  }
}
