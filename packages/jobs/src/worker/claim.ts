import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'

/** The right to a job: good while the row says `running` with this claim. A later claim is another. */
export interface Lease {
  readonly id: string
  readonly claim: string
}

/** A job that this worker has taken. */
export interface ClaimedJob extends Lease {
  readonly name: string
  /** JSON. */
  readonly payload: string
  readonly attempt: number
  readonly attempts: number
  readonly enqueuedAt: Date
}

/** What a worker takes. */
export interface ClaimRequest {
  readonly queues: readonly string[]
  readonly names: readonly string[]
  readonly limit: number
  readonly leaseMs: number
  /** Shown in the row. */
  readonly worker: string
}

/**
 * Takes up to `limit` jobs that are due, in one statement: rows that another worker is taking are
 * skipped, not waited for. One index scan per queue, each already in the right order.
 */
export async function claim(
  db: QueryExecutorProvider,
  { queues, names, limit, leaseMs, worker }: ClaimRequest,
  options: IoOptions,
): Promise<ClaimedJob[]> {
  const rows = await execute(
    db,
    { operation: 'claim', effect: 'write' },
    sql<{
      id: string
      claim: string
      name: string
      payload: string
      attempt: number
      allowed: number
      enqueued: number
    }>`
      with due as materialized (
        select job.id from jsonb_array_elements_text(${JSON.stringify(queues)}::jsonb) as wanted (queue)
        cross join lateral (
          select id, priority, run_at, seq from yuzuru_jobs
          where state = 'waiting' and queue = wanted.queue and run_at <= now()
            and name = any (array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb)))
          order by priority, run_at, seq limit ${limit}::integer
          for update skip locked
        ) as job
        order by job.priority, job.run_at, job.seq limit ${limit}::integer
      ), taken as (
        update yuzuru_jobs as job set state = 'running', attempt = job.attempt + 1,
          claim_id = gen_random_uuid(), worker = ${worker}, started_at = now(),
          lease_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
        from due where job.id = due.id
        returning job.*
      )
      select id::text as id, claim_id::text as claim, name, payload::text as payload, attempt,
        max_attempts as allowed, (extract(epoch from enqueued_at) * 1000)::float8 as enqueued
      from taken order by priority, run_at, seq`,
    options,
  )
  return rows.map((row) => ({
    id: row.id,
    claim: row.claim,
    name: row.name,
    payload: row.payload,
    attempt: row.attempt,
    attempts: row.allowed,
    enqueuedAt: new Date(row.enqueued),
  }))
}
