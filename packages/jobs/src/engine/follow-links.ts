import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import { intoHistory } from '../database/history.ts'

const CALL = { operation: 'wake', effect: 'idempotent' } as const

/** The parents of children that have ended since they looked. The caller has their rows locked. */
export async function withEndedChildren(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<string[]> {
  return await idsOf(
    tx,
    sql`
      select distinct job_id::text as id from yuzuru_job_steps as step
      where job_id = any (${arrayLiteral(ids)}::uuid[]) and child is not null and settled is null
        and not exists (select from yuzuru_jobs as job where job.id = step.child)`,
    options,
  )
}

/**
 * Of what is parked, that which waits for the jobs before it in its flow: it has not been begun since it was put into the
 * queue. What waits within its handler, for an event or a child, has been.
 */
export const isBehindOthers = (job: string): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${job}.started_at`)} is null`

/**
 * Ends those that wait for a job which has not completed, and may not go on without it. The caller has their rows
 * locked.
 */
export async function failLinked(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<void> {
  await execute(
    tx,
    CALL,
    sql`
      with failed as materialized (
        select distinct on (link.job_id) link.job_id, link.after_id, link.name, before.state
        from yuzuru_job_links as link
        join yuzuru_job_history as before on before.id = link.after_id
        where link.job_id = any (${arrayLiteral(ids)}::uuid[]) and link.on_failure = 'fail'
          and before.state <> 'completed'
        order by link.job_id, link.name, link.after_id
      ), gone as (
        delete from yuzuru_jobs as job using failed where job.id = failed.job_id and ${isBehindOthers('job')}
        returning job.*, json_build_object('name', 'JobError', 'code', 'dependency_failed',
          'outcome', 'none', 'message',
          format('Job %s, which comes before this one, has not completed: it is %s', failed.after_id,
            failed.state)) as error
      )
      ${intoHistory('gone', sql`'failed'`, sql`error`)}`,
    options,
  )
}

/** Those for which all have ended that they wait for. The caller has their rows locked. */
export async function readyByLinks(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<string[]> {
  return await idsOf(
    tx,
    sql`
      select job.id::text as id from yuzuru_jobs as job
      where job.id = any (${arrayLiteral(ids)}::uuid[]) and ${isBehindOthers('job')}
        and exists (select from yuzuru_job_links as link where link.job_id = job.id)
        and not exists (
          select from yuzuru_job_links as link join yuzuru_jobs as before on before.id = link.after_id
          where link.job_id = job.id
        )`,
    options,
  )
}

async function idsOf(
  tx: QueryExecutorProvider,
  select: RawBuilder<unknown>,
  options: IoOptions,
): Promise<string[]> {
  const rows = await execute(tx, CALL, select as RawBuilder<{ id: string }>, options)
  return rows.map(({ id }) => id)
}
