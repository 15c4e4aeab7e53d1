import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute } from '../database/execute.ts'
import type { JobState } from '../job/job-state.ts'
import { type KeptError } from '../job/kept-error.ts'

/** A job whose worker let its lease expire. */
export interface RecoveredJob {
  readonly id: string
  readonly name: string
  readonly attempt: number
  /** `'failed'` when it was the last attempt: a job that kills its worker does not go on for ever. */
  readonly state: JobState
}

const EXPIRED: KeptError = {
  name: 'JobError',
  code: 'lease_expired',
  message: 'The worker vanished, or could not reach the database for as long as its lease',
  outcome: 'unknown',
}

/**
 * Takes back the jobs whose leases have expired, by the database's clock. Any worker does this for
 * all queues. The attempt stays used.
 */
export async function recover(
  db: QueryExecutorProvider,
  options: IoOptions,
): Promise<RecoveredJob[]> {
  return await execute(
    db,
    { operation: 'recover', effect: 'idempotent' },
    sql<RecoveredJob>`
      with expired as materialized (
        select id from yuzuru_jobs as job where state = 'running' and lease_until < now()
          and not exists (select from yuzuru_job_leases as beside
            where beside.claim_id = job.claim_id and beside.lease_until >= now())
        limit 1000 for update skip locked
      ), recovered as (
        update yuzuru_jobs as job set
          state = case when cancel_requested then 'cancelled'
            when attempt >= max_attempts then 'failed' else 'waiting' end,
          finished_at = case when cancel_requested or attempt >= max_attempts then now() end,
          run_at = now(), claim_id = null, lease_until = null,
          last_error = ${JSON.stringify(EXPIRED)}::json
        from expired where job.id = expired.id
        returning job.id, job.name, job.attempt, job.state, job.queue
      )
      select id::text as id, name, attempt, state,
        case when state = 'waiting' then pg_notify(${CHANNEL}, queue) end as notified
      from recovered`,
    options,
  )
}
