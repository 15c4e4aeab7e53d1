import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type RawBuilder, sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { expectId } from '../job/expect.ts'
import type { JobState } from '../job/job-state.ts'
import type { AttemptError, KeptError } from '../job/kept-error.ts'
import { cronOf, type CronOrigin } from '../job/origin.ts'

/** A job as it stands in the queue. */
export interface JobRecord {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly state: JobState
  readonly payload: unknown
  /** What its handler returned, once it has completed; `undefined` for nothing. */
  readonly result: unknown
  /** What its handler last said of its progress, and when, by the database's clock. */
  readonly progress: { readonly value: unknown; readonly at: Date } | undefined
  readonly priority: number
  readonly key: string | undefined
  /** The group in which it has its turn. */
  readonly group: string | undefined
  readonly tags: readonly string[]
  /** How many attempts were begun. */
  readonly attempt: number
  readonly attempts: number
  /** When it is due; `undefined` while it waits for what has no time: a job before it in a flow, an event, a child. */
  readonly runAt: Date | undefined
  readonly enqueuedAt: Date
  readonly finishedAt: Date | undefined
  /** What the last failed attempt failed with; secrets are taken out, and the message is cut at 1 kB. */
  readonly lastError: KeptError | undefined
  /** What its last hundred failed attempts failed with, the oldest first; those of a lease that ran out too. */
  readonly errors: readonly AttemptError[]
  /** The cron that made it. */
  readonly cron: CronOrigin | undefined
}

/** What {@link jobRows} selects. */
export interface JobRow {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly state: JobState
  readonly payload: string
  readonly result: string | null
  readonly progress: string | null
  readonly said: number | null
  readonly priority: number
  readonly key: string | null
  readonly group: string | null
  readonly attempt: number
  readonly allowed: number
  readonly due: number | null
  readonly enqueued: number
  readonly finished: number | null
  readonly error: string | null
  readonly errors: string | null
  readonly origin: string | null
  readonly tags: readonly string[]
}

/**
 * Reads a job as it is now. For a page or a test; a program that needs its result should not poll it, but call
 * `waitFor`.
 *
 * @returns `undefined` when there is no job with that id, or no longer
 * @throws {TypeError} unless `id` is a UUID
 * @throws {JobError | DbError} when the database fails
 * @example
 * const job = await getJob(db, handle.id)
 * if (job?.state === 'failed') console.error(job.lastError?.message)
 */
export async function getJob<DB>(
  db: Queryable<DB>,
  id: string,
  options: IoOptions = {},
): Promise<JobRecord | undefined> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'getJob')
  expectId(id)
  const [row] = await execute(
    db,
    { operation: 'getJob', effect: 'read' },
    jobRows(sql`= ${id}::uuid`),
    options,
  )
  return row === undefined ? undefined : recordOf(row)
}

/** The rows of the jobs whose id is `which`, in whatever state. */
export function jobRows(which: RawBuilder<unknown>): RawBuilder<JobRow> {
  return sql<JobRow>`
      select id::text as id, name, queue, state, payload::text as payload, priority,
        key, "group", attempt, max_attempts as allowed, last_error::text as error,
        errors::text as errors, origin::text as origin, result::text as result,
        progress.value::text as progress, date_part('epoch', progress.at) * 1000 as said,
        array(select tag from yuzuru_job_tags as tagged where tagged.job_id = job.id order by tag) as tags,
        ${dueAt(sql`waits`)} as due,
        date_part('epoch', enqueued_at) * 1000 as enqueued,
        date_part('epoch', finished_at) * 1000 as finished
      from (
        select id, name, queue, case when worker is null then 'waiting' else 'running' end as state,
          payload, priority, ${KEY}, attempt, max_attempts, last_error, errors, origin,
          run_at, enqueued_at, waits,
          null::timestamptz as finished_at, null::json as result
        from yuzuru_jobs where id ${which}
        union all
        select id, name, queue, state, payload, priority, ${KEY}, attempt, max_attempts, last_error,
          errors, origin, run_at, enqueued_at, true, finished_at, result
        from yuzuru_job_history where id ${which}
      ) as job left join yuzuru_job_progress as progress on progress.job_id = job.id`
}

/** What stands before the name of a group tells one that was given from one that a key makes. */
const KEY = sql`coalesce(unique_key, serial_key) as key,
  case when group_key like 'g:%' then substr(group_key, 3) end as "group"`

/**
 * When a job is due, in milliseconds since 1970. What waits for something that has no time is put off for a hundred years,
 * which is no time to show.
 *
 * @param waits whether it may be put off like that
 */
export function dueAt(waits: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when ${waits} and run_at > now() + interval '99 years' then null
    else date_part('epoch', run_at) * 1000 end`
}

/** The record of what {@link jobRows} selects. */
export function recordOf({
  payload,
  result,
  progress,
  said,
  key,
  group,
  allowed,
  due,
  enqueued,
  finished,
  error,
  errors,
  origin,
  ...row
}: JobRow): JobRecord {
  return {
    ...row,
    payload: JSON.parse(payload) as unknown,
    result: result === null ? undefined : (JSON.parse(result) as unknown),
    progress:
      progress === null || said === null
        ? undefined
        : { value: JSON.parse(progress) as unknown, at: new Date(said) },
    key: key ?? undefined,
    group: group ?? undefined,
    attempts: allowed,
    runAt: due === null ? undefined : new Date(due),
    enqueuedAt: new Date(enqueued),
    finishedAt: finished === null ? undefined : new Date(finished),
    lastError: error === null ? undefined : (JSON.parse(error) as KeptError),
    errors: errors === null ? [] : (JSON.parse(errors) as Stored[]).map(errorOf),
    cron: cronOf(origin),
  }
}

type Stored = Omit<AttemptError, 'at'> & { readonly at: string }

const errorOf = ({ at, ...error }: Stored): AttemptError => ({ ...error, at: new Date(at) })
