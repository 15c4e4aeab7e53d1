import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute } from '../database/execute.ts'
import type { JobState } from '../job/job-state.ts'
import type { KeptError } from '../job/kept-error.ts'
import { lockedInOrder } from '../database/locked-in-order.ts'
import { intoHistory } from '../database/history.ts'
import { errorsWith } from '../database/kept-errors.ts'
import type { Lease } from './lease.ts'

/** What becomes of a job after an attempt. */
export interface Settlement {
  readonly to: 'completed' | 'waiting' | 'failed' | 'cancelled'
  /** For `'waiting'`: how long, in milliseconds. */
  readonly delayMs?: number
  /** Whether the attempt is given back. */
  readonly refund?: boolean
  /** Whether that counts: an attempt may be given back for a `Cancelled` only so often. */
  readonly counted?: boolean
  /** For `'waiting'`: not before this moment, in milliseconds since 1970, in place of `delayMs`. */
  readonly until?: number
  /** For `'waiting'`: whether it is due sooner when something comes that it waits for. */
  readonly waits?: boolean
  /** Whether the handler itself gave it back, at its end. */
  readonly snoozed?: boolean
  readonly error?: KeptError
  /** For `'completed'`: what the handler returned, as JSON. */
  readonly result?: string
}

/**
 * Writes down what became of jobs that were not completed, as far as their leases hold. Doing it twice is the
 * same as once.
 *
 * @returns the state in which each now is (`'cancelled'` where that was asked for meanwhile); those
 *   that are missing were lost, or had ended before
 */
export async function settle(
  db: QueryExecutorProvider,
  settlements: readonly { readonly lease: Lease; readonly settlement: Settlement }[],
  options: IoOptions,
): Promise<Map<string, JobState>> {
  const input = settlements.map(({ lease: { id, claim }, settlement }) => ({
    id,
    claim,
    to_state: settlement.to,
    delay: settlement.delayMs ?? 0,
    error: settlement.error ?? null,
    refund: settlement.refund === true ? 1 : 0,
    counted: settlement.counted === true ? 1 : 0,
    until: settlement.until ?? null,
    snoozed: settlement.snoozed === true,
    waits: settlement.waits === true ? true : null,
  }))
  const rows = await execute(
    db,
    { operation: 'settle', effect: 'idempotent' },
    sql<{ id: string; state: JobState }>`
      with input as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(input)}::jsonb) as input (id uuid,
          claim bigint, to_state text, delay float8, refund integer, counted integer,
          until float8, snoozed boolean, waits boolean, error json)
      ), mine as materialized (
        ${lockedInOrder(
          sql`job.id, input.refund, input.snoozed, input.waits,
            case when input.until is null then input.delay else
              greatest(date_part('epoch', to_timestamp(input.until / 1000) - now()) * 1000, 1) end as delay,
            input.counted, input.error,
            case when job.cancel_requested then 'cancelled' else input.to_state end as to_state`,
          sql`input join yuzuru_jobs as job on job.id = input.id and job.claim = input.claim
            where job.worker is not null`,
        )}
      ), gone as (
        delete from yuzuru_jobs as job using mine
        where job.id = mine.id and mine.to_state in ('completed', 'failed', 'cancelled')
        returning job.*, mine.to_state, mine.error
      ), history as (
        ${intoHistory('gone', sql`to_state`, sql`error`)}
      ), back as (
        update yuzuru_jobs as job set worker = null, cancel_requested = false,
          -- What waited as a suspect and was not begun, or not ended, is still one.
          stage = case when mine.delay > 0 then 1 when mine.refund = 1 then job.stage
            when job.tenant is not null then 4 else 0 end,
          crashes = case when mine.refund = 1 and not mine.snoozed then job.crashes else 0 end,
          attempt = greatest(job.attempt - mine.refund, 0),
          returns = job.returns + mine.counted, waits = mine.waits,
          run_at = case when mine.refund = 1 and mine.delay = 0 then job.run_at
            else now() + mine.delay * interval '1 millisecond' end,
          last_error = coalesce(mine.error, job.last_error),
          errors = ${errorsWith('job', sql`mine.error`)}
        from mine where job.id = mine.id and mine.to_state = 'waiting'
        returning job.id, job.stage, job.waits
      ), signals as (
        -- What it waits for may have come since its handler has looked.
        insert into yuzuru_job_signals (job_id) select id from back where waits
      )
      select id::text as id, to_state as state from mine
      union all
      select pg_notify(${CHANNEL}::text, '')::text, null from (select from back where stage <> 1 limit 1) as due`,
    options,
  )
  return new Map(rows.filter(({ state }) => state !== null).map(({ id, state }) => [id, state]))
}
