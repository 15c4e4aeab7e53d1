import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import type { Lease } from './claim.ts'

/** How a job that was asked about stands. One that is missing from the answer is lost. */
export interface Held {
  readonly claim: string
  /** Whether `cancelJob` asked for its end. */
  readonly cancelRequested: boolean
}

/**
 * Extends all the leases in one statement.
 *
 * A row that is locked is passed over, so that the other leases do not wait for it: its own handler is
 * completing it in a transaction that is still open. Its lease is extended beside the row, in
 * `yuzuru_job_leases`: were that transaction to roll back after the lease of the row has passed, another
 * worker would find the job abandoned, and what its attempt failed with would be lost.
 *
 * @returns those that are still ours, also when already completed
 */
export async function heartbeat(
  db: QueryExecutorProvider,
  leases: readonly Lease[],
  leaseMs: number,
  options: IoOptions,
): Promise<Held[]> {
  const asked = JSON.stringify(leases.map(({ id, claim }) => ({ id, claim })))
  const until = sql`now() + ${leaseMs}::float8 * interval '1 millisecond'`
  const rows = await execute(
    db,
    { operation: 'heartbeat', effect: 'idempotent' },
    sql<{ claim: string; asked: boolean }>`
      with asked as materialized (
        select id, claim from jsonb_to_recordset(${asked}::jsonb) as asked (id uuid, claim uuid)
      ), held as materialized (
        select job.claim_id, job.cancel_requested, job.state
        from asked join yuzuru_jobs as job on job.id = asked.id and job.claim_id = asked.claim
        where job.state in ('running', 'completed')
      ), free as materialized (
        select job.id, job.claim_id from asked
        join yuzuru_jobs as job on job.id = asked.id and job.claim_id = asked.claim
        where job.state = 'running'
        for update of job skip locked
      ), extended as (
        update yuzuru_jobs as job set lease_until = ${until} from free where job.id = free.id
      ), beside as (
        insert into yuzuru_job_leases (claim_id, lease_until)
        select claim_id, ${until} from held
        where state = 'running' and claim_id not in (select claim_id from free)
        on conflict (claim_id) do update set lease_until = excluded.lease_until
      ), swept as (
        delete from yuzuru_job_leases
        where lease_until < now() and claim_id not in (select claim from asked)
      )
      select claim_id::text as claim, cancel_requested as asked from held`,
    options,
  )
  return rows.map(({ claim, asked }) => ({ claim, cancelRequested: asked }))
}
