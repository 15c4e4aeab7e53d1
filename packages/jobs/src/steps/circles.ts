import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { isBehindOthers } from '../engine/follow-links.ts'

/** A parent, and what it is about to wait for. */
export interface NewEdge {
  readonly parent: string
  readonly child: string
}

const CALL = { operation: 'step', effect: 'idempotent' } as const

/**
 * Whether a job would wait for itself if it waited for another: through children, through what comes before in a flow,
 * and through what comes before in a group. Such jobs would wait for ever.
 *
 * It is called in the transaction that keeps the edge, once that is locked against others: of two that would close a
 * circle together, the second sees what the first has kept.
 */
export async function wouldWaitForItself(
  tx: QueryExecutorProvider,
  { parent, child }: NewEdge,
): Promise<boolean> {
  await execute(
    tx,
    CALL,
    sql`select pg_advisory_xact_lock(hashtextextended('yuzuru_job_edges', 0))`,
  )
  // A statement of its own: it sees what was committed before the lock was had.
  const found = await execute(
    tx,
    CALL,
    sql`
      with recursive chain as (
        select ${child}::uuid as id
        union
        select next.id from chain cross join lateral (
          select step.child as id from yuzuru_job_steps as step
          where step.job_id = chain.id and step.child is not null and step.settled is null
          union all
          select link.after_id from yuzuru_jobs as job join yuzuru_job_links as link on link.job_id = job.id
          where job.id = chain.id and job.waits and ${isBehindOthers('job')}
          union all
          select head.id from yuzuru_jobs as job join yuzuru_jobs as head
            on head.name = job.name and head.group_key = job.group_key
          where job.id = chain.id and job.stage = 3 and head.group_key is not null and head.stage <> 3
          union all
          select before.id from yuzuru_jobs as job join yuzuru_jobs as before
            on before.name = job.name and before.group_key = job.group_key and before.seq < job.seq
          where job.id = chain.id and job.stage = 3 and before.stage = 3 and before.waits
        ) as next join yuzuru_jobs as unfinished on unfinished.id = next.id
      )
      select from chain where id = ${parent}::uuid`,
  )
  return found.length > 0
}
