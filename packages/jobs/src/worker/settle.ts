import type { IoOptions } from '@yuzuru/concurrency'
import { expected } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import type { Lease } from './claim.ts'
import { execute } from '../database/execute.ts'
import { JobError } from '../job-error.ts'
import type { JobState } from '../job/job-state.ts'
import type { KeptError } from '../job/kept-error.ts'

/** What becomes of a job after an attempt. */
export interface Settlement {
  readonly to: 'completed' | 'waiting' | 'failed' | 'cancelled'
  /** For `'waiting'`: how long, in milliseconds. */
  readonly delayMs?: number
  /** Whether the attempt is given back. */
  readonly refund?: boolean
  readonly error?: KeptError
}

/**
 * Writes down what became of a job, if the lease still holds. Doing it twice is the same as once.
 *
 * @returns the state in which the job now is (`'cancelled'` where that was asked for meanwhile,
 *   `'completed'` where its handler completed it), or `undefined` when the lease was lost
 */
export async function settle(
  db: QueryExecutorProvider,
  { id, claim }: Lease,
  { to, delayMs = 0, refund = false, error }: Settlement,
  options: IoOptions,
): Promise<JobState | undefined> {
  const call = { operation: 'settle', effect: 'idempotent' } as const
  const kept = error === undefined ? null : JSON.stringify(error)
  const [settled] = await execute(
    db,
    call,
    sql<{ state: JobState }>`
      with settled as (
        update yuzuru_jobs set
          state = case when ${to} <> 'completed' and cancel_requested then 'cancelled' else ${to} end,
          finished_at = case when ${to} <> 'waiting' or cancel_requested then now() end,
          run_at = case when ${to} = 'waiting'
            then now() + ${delayMs}::float8 * interval '1 millisecond' else run_at end,
          attempt = attempt - ${refund ? 1 : 0}::integer,
          lease_until = null,
          last_error = coalesce(${kept}::json, last_error)
        where id = ${id}::uuid and claim_id = ${claim}::uuid and state = 'running'
        returning state, queue, run_at
      )
      select state, case when state = 'waiting' and run_at <= clock_timestamp()
        then pg_notify(${CHANNEL}, queue) end as notified
      from settled`,
    options,
  )
  if (settled !== undefined) return settled.state
  // Either the handler completed it, or the answer to an earlier try of this was lost, or the lease was.
  const [found] = await execute(
    db,
    call,
    sql<{ state: JobState }>`
      select state from yuzuru_jobs where id = ${id}::uuid and claim_id = ${claim}::uuid
        and state <> 'running'`,
    options,
  )
  return found?.state
}

/** Completes a job within the handler's own transaction. */
export async function completeIn(tx: QueryExecutorProvider, { id, claim }: Lease): Promise<void> {
  if (!('isTransaction' in tx && tx.isTransaction === true)) {
    throw expected('tx to be a Transaction', tx)
  }
  const completed = await execute(
    tx,
    { operation: 'completeIn', effect: 'idempotent' },
    sql<{ id: string }>`
      update yuzuru_jobs set state = 'completed', finished_at = now(), lease_until = null
      where id = ${id}::uuid and claim_id = ${claim}::uuid and state = 'running'
      returning id::text as id`,
  )
  if (completed.length === 0) {
    throw new JobError(`The lease of job ${id} was lost: it is another worker's, or has ended`, {
      operation: 'completeIn',
      code: 'lease_lost',
      retryable: false,
      outcome: 'none',
    })
  }
}
