import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { CHANNEL } from '../database/channel.ts'
import { execute } from '../database/execute.ts'
import type { JobState } from '../job/job-state.ts'
import type { KeptError } from '../job/kept-error.ts'
import { intoHistory } from '../database/history.ts'
import { errorsWith } from '../database/kept-errors.ts'

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

/** What came back of a worker. */
export interface GivenBack {
  readonly jobs: readonly RecoveredJob[]
  /** Whether others have some of its jobs locked: they, and the worker's row, are left for the next time. */
  readonly passedOver: boolean
}

/** Which jobs of a worker had been begun: `'all'` where nobody knows, as its process is gone. */
export interface Begun {
  readonly begun: 'all' | readonly string[]
}

/**
 * Gives back what the row of a worker holds, and deletes that row. It reads the table, as no index names the
 * worker of a job: an index on what every claim changes would cost each of them more than this costs.
 *
 * When the process is gone, all that it held is suspect: any of it may have ended that process. It comes back
 * without a used attempt, to be tried one at a time. What was tried alone like that has its attempt used.
 *
 * Rows that a transaction has locked (a handler that outlived its worker, with `completeIn`) are left for the
 * next time, and so is the worker's row.
 */
export async function giveBack(
  tx: QueryExecutorProvider,
  worker: string,
  { begun }: Begun,
  options: IoOptions,
): Promise<GivenBack> {
  const isGone = begun === 'all'
  const known = arrayLiteral(isGone ? [] : begun)
  const call = { operation: 'recover', effect: 'idempotent' } as const
  const recovered = await execute(
    tx,
    call,
    sql<RecoveredJob>`
      with held as materialized (
        select id, case
            when ${isGone}::boolean then crashes > 0
            else id = any (${known}::uuid[]) end as used
        from yuzuru_jobs where worker = ${worker}::bigint for update skip locked
      ), gone as (
        delete from yuzuru_jobs as job using held
        where job.id = held.id and (job.cancel_requested or (held.used and job.attempt >= job.max_attempts))
        returning job.*
      ), history as (
        ${intoHistory(
          'gone',
          sql`case when cancel_requested then 'cancelled' else 'failed' end`,
          sql`${JSON.stringify(EXPIRED)}::json`,
        )} returning id, name, attempt, state
      ), back as (
        update yuzuru_jobs as job set worker = null,
          stage = case when ${isGone}::boolean then 2 else job.stage end,
          crashes = job.crashes + ${isGone ? 1 : 0}::integer,
          attempt = case when held.used then job.attempt else greatest(job.attempt - 1, 0) end,
          last_error = case when ${isGone}::boolean or held.used
            then ${JSON.stringify(EXPIRED)}::json else job.last_error end,
          errors = case when ${isGone}::boolean or held.used
            then ${errorsWith('job', sql`${JSON.stringify(EXPIRED)}::json`)} else job.errors end
        from held where job.id = held.id
          and not (job.cancel_requested or (held.used and job.attempt >= job.max_attempts))
        returning job.id, job.name, job.attempt
      )
      select id::text as id, name, attempt, state from history
      union all
      select id::text, name, attempt, 'waiting' from back
      union all
      select pg_notify(${CHANNEL}::text, '')::text, null, null, null from (select from back limit 1) as due`,
    options,
  )
  const ended = await execute(
    tx,
    call,
    sql`delete from yuzuru_job_workers where id = ${worker}::bigint
      and not exists (select from yuzuru_jobs where worker = ${worker}::bigint) returning id`,
    options,
  )
  return { jobs: recovered.filter(({ state }) => state !== null), passedOver: ended.length === 0 }
}
