import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import { intoHistory } from '../database/history.ts'

const CALL = { operation: 'wake', effect: 'idempotent' } as const

/**
 * Cancels the children of jobs that were cancelled: those that wait at once, those that run at their worker's next
 * heartbeat. One whose row is locked (its handler is in the transaction that completes it) is left for the next time.
 *
 * @returns the parents whose children could not all be cancelled
 */
export async function cancelChildren(
  tx: QueryExecutorProvider,
  parents: readonly string[],
  options: IoOptions,
): Promise<string[]> {
  if (parents.length === 0) return []
  const locked = await execute(
    tx,
    CALL,
    sql<{ id: string }>`
      select job.id::text as id from yuzuru_jobs as job
      where job.id = any (array(${childrenOf(parents)})) order by job.id for update skip locked`,
    options,
  )
  const ids = arrayLiteral(locked.map(({ id }) => id))
  await execute(
    tx,
    CALL,
    sql`
      with gone as (
        delete from yuzuru_jobs where id = any (${ids}::uuid[]) and worker is null returning *
      )
      ${intoHistory('gone', sql`'cancelled'`)}`,
    options,
  )
  await execute(
    tx,
    CALL,
    sql`
      update yuzuru_jobs set cancel_requested = true
      where id = any (${ids}::uuid[]) and worker is not null`,
    options,
  )
  const left = await execute(
    tx,
    CALL,
    sql<{ id: string }>`
      select distinct step.job_id::text as id from yuzuru_job_steps as step
      join yuzuru_jobs as job on job.id = step.child
      where step.job_id = any (${arrayLiteral(parents)}::uuid[]) and step.owns_child
        and not job.cancel_requested`,
    options,
  )
  return left.map(({ id }) => id)
}

function childrenOf(parents: readonly string[]): ReturnType<typeof sql> {
  return sql`select child from yuzuru_job_steps
    where job_id = any (${arrayLiteral(parents)}::uuid[]) and owns_child`
}
