import type { IoOptions } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import type { Lease } from './claim.ts'
import { execute, type JobDatabase } from './job-database.ts'

/** How a job that was asked about stands. One that is not told of is lost. */
export interface Held {
  readonly claim: string
  /** Whether `cancelJob` asked for its end. */
  readonly cancelRequested: boolean
}

/**
 * Extends all the leases in one statement. A row that is locked is left as it is: its own handler is
 * just completing it in a transaction, and the other leases must not wait for that.
 *
 * @returns those that are still ours, also when already completed
 */
export async function heartbeat(
  db: JobDatabase,
  leases: readonly Lease[],
  leaseMs: number,
  options: IoOptions,
): Promise<Held[]> {
  const asked = JSON.stringify(leases.map(({ id, claim }) => ({ id, claim })))
  const rows = await execute(
    db,
    { operation: 'heartbeat', effect: 'idempotent' },
    sql<{ claim: string; asked: boolean }>`
      with asked as materialized (
        select id, claim from jsonb_to_recordset(${asked}::jsonb) as asked (id uuid, claim uuid)
      ), held as (
        select job.claim_id, job.cancel_requested
        from asked join yuzuru_jobs as job on job.id = asked.id and job.claim_id = asked.claim
        where job.state in ('running', 'completed')
      ), free as materialized (
        select job.id from asked
        join yuzuru_jobs as job on job.id = asked.id and job.claim_id = asked.claim
        where job.state = 'running'
        for update of job skip locked
      ), extended as (
        update yuzuru_jobs as job
        set lease_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
        from free where job.id = free.id
      )
      select claim_id::text as claim, cancel_requested as asked from held`,
    options,
  )
  return rows.map(({ claim, asked }) => ({ claim, cancelRequested: asked }))
}
