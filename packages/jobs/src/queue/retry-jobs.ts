import type { IoOptions } from '@yuzuru/concurrency'
import { expectInteger, expectOptions, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { backIntoQueue, signalled } from '../database/history.ts'
import { momentText } from '../database/moment-text.ts'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'

/** Options of {@link retryJobs}. */
export interface RetryJobsOptions extends IoOptions {
  /** How many to retry at the most, those that failed first: an integer from 1 up. @default all */
  readonly most?: number | undefined
}

/** What {@link retryJobs} has done. */
export interface RetriedJobs {
  /** How many are in the queue again. */
  readonly retried: number
  /** How many stay failed, as an unfinished job has their key. */
  readonly kept: number
}

const RETRY_OPTIONS = Object.keys({
  most: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof RetryJobsOptions, true>)

/** How many jobs one statement looks at. */
const BATCH = 1_000

/** Where the next statement begins, in the order of failing. As text: JavaScript has no microseconds. */
interface Place {
  readonly at: string
  readonly id: string
}

const START: Place = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }

/**
 * Puts the failed jobs of a kind back into the queue, due at once and with all their attempts, a thousand in a
 * statement: dead letters, once what made them fail is mended. Those of a flow wait again for those before
 * them that are unfinished, or put back with them. What fails while this runs is left alone. Where a job of
 * the same key is unfinished, or several have one key, the ones that can't go back stay as they are.
 *
 * In a transaction all or none go back. Without one, a call that fails has put back what it had come to; call it again.
 *
 * @param job the kind, or its name
 * @throws {TypeError} unless `job` is a kind of job or can be its name, or when an option is unknown or out of its range
 * @throws {JobError | DbError} when the database fails
 * @example
 * const { retried } = await retryJobs(db, remindStaff)
 */
export async function retryJobs<Input, DB>(
  db: Queryable<DB>,
  job: Job<Input, unknown> | string,
  options: RetryJobsOptions = {},
): Promise<RetriedJobs> {
  expectDatabase(db)
  expectOptions(options, RETRY_OPTIONS, 'retryJobs')
  const { most = Infinity } = options
  if (most !== Infinity) expectInteger('most', most, 1, Number.MAX_SAFE_INTEGER)
  const name = typeof job === 'string' ? job : job?.name
  expectName('job', name)
  return await oneCall('jobs.retryJobs', options, () => retryAll(db, name, most))
}

async function retryAll(
  db: QueryExecutorProvider,
  name: string,
  most: number,
): Promise<RetriedJobs> {
  let retried = 0
  let kept = 0
  for (let from = START, until: string | undefined = undefined; retried < most;) {
    const limit = Math.min(BATCH, most - retried)
    const batch: Batch = await retryBatch(db, { name, from, until, limit })
    retried += batch.retried
    kept += batch.found - batch.retried
    if (batch.found < limit || batch.last === null) break
    from = batch.last
    until = batch.until
  }
  return { retried, kept }
}

interface Batch {
  readonly found: number
  readonly retried: number
  /** The moment from which on what fails is left alone. */
  readonly until: string
  readonly last: Place | null
}

interface BatchRequest {
  readonly name: string
  readonly from: Place
  readonly until: string | undefined
  readonly limit: number
}

async function retryBatch(
  db: QueryExecutorProvider,
  { name, from, until, limit }: BatchRequest,
): Promise<Batch> {
  const [row] = await execute(
    db,
    { operation: 'retryJobs', effect: 'idempotent' },
    sql<Batch>`
      with bound as materialized (select coalesce(${until ?? null}::timestamptz, now()) as until),
      old as materialized (
        select history.* from yuzuru_job_history as history, bound
        where state = 'failed' and state <> 'completed' and name = ${name} and finished_at <= bound.until
          and (finished_at, id) > (${from.at}::timestamptz, ${from.id}::uuid)
        order by finished_at, id limit ${limit}::integer for update of history
      ), revived as (
        ${backIntoQueue('old')}
        -- As all that writes keys: two calls with the same ones never wait for each other in a circle.
        order by unique_key collate "C", finished_at, id
        on conflict do nothing returning id, waits
      ), signals as (${signalled('revived')}), gone as (
        delete from yuzuru_job_history where id in (select id from revived)
      )
      select (select count(*) from old)::float8 as found, (select count(*) from revived)::float8 as retried,
        ${momentText(sql`bound.until`)} as until,
        (select jsonb_build_object('at', ${momentText(sql`finished_at`)}, 'id', id) from old
          order by finished_at desc, id desc limit 1) as last,
        (select string_agg(pg_notify(${CHANNEL}::text, case when waits then ${SIGNALS}::text else '' end)::text, '')
          from (select distinct waits from revived) as due) as notified
      from bound`,
  )
  return row as Batch
}
