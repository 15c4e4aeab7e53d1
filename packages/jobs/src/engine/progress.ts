import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import type { Lease } from './lease.ts'

/** What a handler last said of its progress. */
export interface Progress {
  readonly lease: Lease
  /** JSON. */
  readonly value: string
}

/**
 * Writes down the progress of jobs, as far as they are still those of their claims. No row of the queue is locked:
 * what a claim before wrote is never put in place of what a later one has.
 */
export async function writeProgress(
  db: QueryExecutorProvider,
  progress: readonly Progress[],
  options: IoOptions,
): Promise<void> {
  const ids = arrayLiteral(progress.map(({ lease }) => lease.id))
  const claims = arrayLiteral(progress.map(({ lease }) => lease.claim))
  const values = `[${progress.map(({ value }) => value).join(',')}]`
  await execute(
    db,
    { operation: 'progress', effect: 'idempotent' },
    sql`
      insert into yuzuru_job_progress (job_id, claim, value)
      select input.id, input.claim, input.value
      from rows from (unnest(${ids}::uuid[]), unnest(${claims}::bigint[]),
        json_array_elements(${values}::json)) as input (id, claim, value)
      join yuzuru_jobs as job on job.id = input.id and job.claim = input.claim
        and job.id = any (${ids}::uuid[])
      order by input.id
      on conflict (job_id) do update
        set claim = excluded.claim, value = excluded.value, at = excluded.at
        where yuzuru_job_progress.claim <= excluded.claim`,
    options,
  )
}
