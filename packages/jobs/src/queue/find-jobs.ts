import type { IoOptions } from '@yuzuru/concurrency'
import { expected, expectInteger, expectOptions } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type RawBuilder, sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { expectId, expectName, expectTags } from '../job/expect.ts'
import { FINISHED, type JobState } from '../job/job-state.ts'
import type { Job } from '../job/job.ts'
import { type JobRecord, type JobRow, jobRows, recordOf } from './get-job.ts'

/** Which jobs {@link findJobs} is to find: those to which all of it applies. */
export interface FindJobsOptions extends IoOptions {
  /** All of these tags: one to twenty. */
  readonly tags?: readonly string[] | undefined
  /** The kind, or its name. */
  readonly job?: Job | string | undefined
  readonly queue?: string | undefined
  /** One of these states. @default any */
  readonly states?: readonly JobState[] | undefined
  /** How many to find at the most: an integer from 1 to 1,000. @default 100 */
  readonly limit?: number | undefined
  /** What the page before gave as `next`. @default the first page */
  readonly after?: string | undefined
}

/** A page of jobs. */
export interface FoundJobs {
  /** The latest first, by their ids. */
  readonly jobs: readonly JobRecord[]
  /** Where the next page begins; `undefined` when this was the last one. */
  readonly next: string | undefined
}

const FIND_OPTIONS = Object.keys({
  tags: true,
  job: true,
  queue: true,
  states: true,
  limit: true,
  after: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof FindJobsOptions, true>)

const STATES: readonly JobState[] = ['waiting', 'running', ...FINISHED]

/** How many jobs one call looks at. */
const MOST = 10_000

const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * Finds jobs by tag, kind, queue and state, the latest first, page by page. A call looks at up to ten thousand jobs, so
 * it takes no longer in a table of millions: a page may hold fewer than `limit`, or none, and there may still be a
 * `next` one. Those with a tag are found by an index, and jobs that are unfinished stand apart from those that
 * have ended; a rare kind among many that have ended may take many pages.
 *
 * A job that is enqueued meanwhile is on none of the later pages; one that is pruned is skipped.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @throws {JobError | DbError} when the database fails
 * @example
 * for (let after: string | undefined; ;) {
 *   const page = await findJobs(db, { tags: ['office/12'], states: ['failed'], after })
 *   for (const { id, lastError } of page.jobs) console.log(id, lastError?.message)
 *   after = page.next
 *   if (after === undefined) break
 * }
 */
export async function findJobs<DB>(
  db: Queryable<DB>,
  options: FindJobsOptions = {},
): Promise<FoundJobs> {
  expectDatabase(db)
  expectOptions(options, FIND_OPTIONS, 'findJobs')
  const { tags, queue, states = STATES, limit = 100, after = LAST } = options
  if (tags !== undefined) expectTags(tags, 1)
  const name = typeof options.job === 'object' ? options.job?.name : options.job
  if (options.job !== undefined) expectName('job', name)
  if (queue !== undefined) expectName('queue', queue)
  if (!Array.isArray(states) || !states.every((state: JobState) => STATES.includes(state))) {
    throw expected(`states to be some of ${STATES.join(', ')}`, states)
  }
  expectInteger('limit', limit, 1, 1_000)
  expectId(after)
  const wanted = { name: name ?? null, queue: queue ?? null, states }
  const [found] = await execute(
    db,
    { operation: 'findJobs', effect: 'read' },
    sql<{ jobs: string | null; walked: number; last: string | null }>`
      with walk as materialized (${tags === undefined ? walkOf(states, after) : walkByTags(tags, after)}),
      found as materialized (
        select id from walk, jsonb_to_record(${JSON.stringify(wanted)}::jsonb)
          as wanted (name text, queue text, states jsonb)
        where state is not null and (wanted.name is null or walk.name = wanted.name)
          and (wanted.queue is null or walk.queue = wanted.queue) and wanted.states ? walk.state
          and ${hasAll(tags ?? [])}
        order by id desc limit ${limit}::integer
      )
      select (select jsonb_agg(to_jsonb(job) order by job.id desc)::text from (
          ${jobRows(sql`in (select id from found)`)}) as job) as jobs,
        (select count(*) from walk)::integer as walked,
        (select id::text from walk order by id limit 1) as last`,
    options,
  )
  const { jobs, walked = 0, last } = found ?? {}
  const records = jobs === null || jobs === undefined ? [] : (JSON.parse(jobs) as JobRow[])
  const next = records.length === limit ? records.at(-1)?.id : walked === MOST ? last : undefined
  return { jobs: records.map(recordOf), next: next ?? undefined }
}

/** The latest jobs before one, of the tables in which there may be some of the states. */
function walkOf(states: readonly JobState[], after: string): RawBuilder<unknown> {
  const of = (table: string, state: RawBuilder<unknown>): RawBuilder<unknown> => sql`
    (select id, name, queue, ${state} as state from ${sql.table(table)} where id < ${after}::uuid
      order by id desc limit ${MOST}::integer)`
  const tables = [
    ...(states.some((state) => !FINISHED.includes(state)) ? [of('yuzuru_jobs', STATE)] : []),
    ...(states.some((state) => FINISHED.includes(state))
      ? [of('yuzuru_job_history', sql`state`)]
      : []),
  ]
  if (tables.length === 0)
    return sql`select null::uuid as id, null as name, null as queue, null as state limit 0`
  return sql`select * from (${sql.join(tables, sql` union all `)}) as job
    order by id desc limit ${MOST}::integer`
}

const STATE = sql`case when worker is null then 'waiting' else 'running' end`

/** The latest jobs before one that have the first tag. */
function walkByTags([tag]: readonly string[], after: string): RawBuilder<unknown> {
  return sql`
    select tagged.id, job.name, job.queue, job.state from (
      select job_id as id from yuzuru_job_tags where tag = ${tag} and job_id < ${after}::uuid
      order by job_id desc limit ${MOST}::integer
    ) as tagged left join lateral (
      select name, queue, ${STATE} as state from yuzuru_jobs where id = tagged.id
      union all select name, queue, state from yuzuru_job_history where id = tagged.id
    ) as job on true`
}

function hasAll([, ...others]: readonly string[]): RawBuilder<unknown> {
  if (others.length === 0) return sql`true`
  const list = JSON.stringify([...new Set(others)])
  return sql`not exists (select from jsonb_array_elements_text(${list}::jsonb) as other (tag)
    where not exists (select from yuzuru_job_tags as tagged
      where tagged.job_id = walk.id and tagged.tag = other.tag collate "C"))`
}
