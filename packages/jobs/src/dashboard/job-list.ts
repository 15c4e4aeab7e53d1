import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { momentText } from '../database/moment-text.ts'
import { ID } from '../job/expect.ts'
import type { KeptError } from '../job/kept-error.ts'
import { dueAt } from '../queue/get-job.ts'

/** What a list shows: jobs that are due, for later, or have ended in one way. */
export const LISTS = ['failed', 'due', 'later', 'completed', 'cancelled'] as const
export type ListName = (typeof LISTS)[number]

/** How many jobs one page has. */
const PAGE_SIZE = 50

/** How many jobs are looked at for one page, where no index leads to those of a kind. */
const MOST_LOOKED_AT = 5_000

/** How many kinds, or kinds in queues, are looked at. */
const MOST_KINDS = 200

/** Which jobs, and from where on. */
export interface ListRequest {
  readonly list: ListName
  readonly queue?: string | undefined
  /** The kind. */
  readonly name?: string | undefined
  /** What {@link JobPage.next} of the page before was. */
  readonly after?: string | undefined
}

/** A job, as a list shows it. */
export interface ListedJob {
  readonly id: string
  readonly queue: string
  readonly name: string
  readonly attempt: number
  readonly attempts: number
  readonly priority: number
  /** In milliseconds since 1970, by the database's clock, as are the other times. */
  /** `undefined` while it waits for what has no time. */
  readonly runAt: number | undefined
  readonly finishedAt: number | undefined
  readonly isRunning: boolean
  readonly error: KeptError | undefined
}

/** One page of a list. */
export interface JobPage {
  readonly jobs: readonly ListedJob[]
  /** Where the next page begins; `undefined` after the last. A page may have fewer jobs than fit although there are more. */
  readonly next: string | undefined
  /** The database's clock, in milliseconds since 1970. */
  readonly now: number
}

interface Row {
  readonly id: string
  readonly queue: string
  readonly name: string
  readonly attempt: number
  readonly attempts: number
  readonly priority: number
  readonly due: number | null
  readonly finished: number | null
  readonly running: boolean
  readonly error: string | null
  readonly place: string
  readonly now: number
  /** Whether it is one of those that are asked for; the others only say where the page ended. */
  readonly fits: boolean
}

/** Where a page begins: values of the columns that the list is ordered by, as text. */
type Place = readonly string[]

/**
 * One page of a list, by keyset: each is found by an index, however far down it is and however many jobs there are.
 *
 * @param after what is not a place is the beginning
 */
export async function listJobs(
  db: QueryExecutorProvider,
  request: ListRequest,
  options: IoOptions,
): Promise<JobPage> {
  const place = placeOf(request)
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<Row>`select *, date_part('epoch', clock_timestamp()) * 1000 as now from (${jobsOf(request, place)}) as job`,
    options,
  )
  const fitting = rows.filter(({ fits }) => fits)
  const shown = fitting.slice(0, PAGE_SIZE)
  // More than fit; or all that were looked at, of which few are of the kind.
  const last = fitting.length > PAGE_SIZE ? shown.at(-1) : undefined
  const end = last ?? (rows.length >= MOST_LOOKED_AT ? rows.at(-1) : undefined)
  return {
    jobs: shown.map((row) => listedOf(row)),
    next: end === undefined ? undefined : Buffer.from(end.place).toString('base64url'),
    now: rows[0]?.now ?? Date.now(),
  }
}

function jobsOf(request: ListRequest, place: Place | undefined): RawBuilder<unknown> {
  if (request.list === 'due') return due(request, place)
  if (request.list === 'later') return later(request, place)
  return request.list === 'completed' ? completed(request, place) : ended(request, place)
}

const columns = (
  waits: RawBuilder<unknown>,
): RawBuilder<unknown> => sql`job.id::text as id, job.queue, job.name, job.attempt, job.max_attempts as attempts,
  job.priority, ${dueAt(waits)} as due, job.last_error::text as error`

const inQueue = (queue: string | undefined): RawBuilder<unknown> =>
  queue === undefined ? sql`` : sql`and queue = ${queue}`

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** Of each kind the last ones by the index `(state, name, finished_at, id)`; of these the last ones of all. */
function ended({ list, name, queue }: ListRequest, place: Place | undefined): RawBuilder<unknown> {
  const [at = 'infinity', id = LAST_ID] = place ?? []
  const ofState = sql`state = ${sql.lit(list)} and state <> 'completed'`
  const kinds =
    name === undefined
      ? sql`with recursive next as (
          (select name from yuzuru_job_history where ${ofState} order by name limit 1)
          union all
          select after.name from next cross join lateral (
            select name from yuzuru_job_history where ${ofState} and name > next.name order by name limit 1
          ) as after
        ) select name from next limit ${MOST_KINDS}::integer`
      : sql`select ${name}::text collate "C" as name`
  return sql`
    select ${columns(sql`true`)}, date_part('epoch', finished_at) * 1000 as finished, false as running, true as fits,
      json_build_array(${momentText(sql`finished_at`)}, id)::text as place
    from (${kinds}) as kind cross join lateral (
      select * from yuzuru_job_history as history
      where ${ofState} and history.name = kind.name ${inQueue(queue)}
        and (finished_at, id) < (${at}::timestamptz, ${id}::uuid)
      order by finished_at desc, id desc limit ${PAGE_SIZE + 1}::integer
    ) as job
    order by finished_at desc, job.id desc limit ${PAGE_SIZE + 1}::integer`
}

/** The last ones by the index of the history by time, of which those that fit are marked. */
function completed({ name, queue }: ListRequest, place: Place | undefined): RawBuilder<unknown> {
  const [at = 'infinity', id = LAST_ID] = place ?? []
  return sql`
    select ${columns(sql`true`)}, date_part('epoch', finished_at) * 1000 as finished, false as running,
      state = 'completed' ${ofKind(name)} ${inQueue(queue)} as fits,
      json_build_array(${momentText(sql`finished_at`)}, id)::text as place
    from yuzuru_job_history as job
    where finished_at <= ${at}::timestamptz and (finished_at, id) < (${at}::timestamptz, ${id}::uuid)
    order by finished_at desc, id desc limit ${MOST_LOOKED_AT}::integer`
}

const ofKind = (name: string | undefined): RawBuilder<unknown> =>
  name === undefined ? sql`` : sql`and name = ${name}`

/** Those for later, by the index of when they are due. */
function later({ name, queue }: ListRequest, place: Place | undefined): RawBuilder<unknown> {
  const [at = '-infinity', id = '00000000-0000-0000-0000-000000000000'] = place ?? []
  return sql`
    select ${columns(sql`waits`)}, null::float8 as finished, false as running,
      true ${ofKind(name)} ${inQueue(queue)} as fits,
      json_build_array(${momentText(sql`run_at`)}, id)::text as place
    from yuzuru_jobs as job
    where stage = 1 and run_at >= ${at}::timestamptz and (run_at, id) > (${at}::timestamptz, ${id}::uuid)
    order by run_at, id limit ${MOST_LOOKED_AT}::integer`
}

/** Of each kind in each queue the first ones in the order in which they are taken; of these the first ones of all. */
function due({ name, queue }: ListRequest, place: Place | undefined): RawBuilder<unknown> {
  const [priority = '-2147483648', at = '-infinity', seq = '-1'] = place ?? []
  const filter = sql`${queue === undefined ? sql`true` : sql`queue = ${queue}`} ${ofKind(name)}`
  const lane = (stage: number): RawBuilder<unknown> => sql`
    select ${sql.lit(stage)} as stage, queue, name from (
      with recursive next as (
        (select queue, name from yuzuru_jobs where stage = ${sql.lit(stage)} order by queue, name limit 1)
        union all
        select after.queue, after.name from next cross join lateral (
          select queue, name from yuzuru_jobs where stage = ${sql.lit(stage)}
            and (queue, name) > (next.queue, next.name) order by queue, name limit 1
        ) as after
      )
      select * from next limit ${MOST_KINDS}::integer
    ) as lane where ${filter}`
  const jobs = (stage: number): RawBuilder<unknown> => sql`
    select job.* from (${lane(stage)}) as lane cross join lateral (
      select * from yuzuru_jobs as job
      where stage = ${sql.lit(stage)} and job.queue = lane.queue and job.name = lane.name
        and (priority, run_at, seq) > (${priority}::integer, ${at}::timestamptz, ${seq}::bigint)
      order by queue, name, priority, run_at, seq limit ${PAGE_SIZE + 1}::integer
    ) as job`
  return sql`
    select ${columns(sql`waits`)}, null::float8 as finished, worker is not null as running, true as fits,
      json_build_array(priority::text, ${momentText(sql`run_at`)}, seq::text)::text as place
    from (${jobs(0)} union all ${jobs(2)}) as job
    order by priority, run_at, seq limit ${PAGE_SIZE + 1}::integer`
}

/** What a link of the page before says. Anything else is no place: the list begins at its beginning. */
function placeOf({ list, after }: ListRequest): Place | undefined {
  if (after === undefined || after.length > 500) return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(after, 'base64url').toString())
    const parts = list === 'due' ? [INTEGER, MOMENT, INTEGER] : [MOMENT, ID]
    const isPlace =
      Array.isArray(place) &&
      place.length === parts.length &&
      parts.every((part, at) => part.test(String(place[at])))
    return isPlace ? (place as string[]) : undefined
  } catch {
    return undefined
  }
}

const INTEGER = /^-?\d{1,18}$/

/** As PostgreSQL writes one; `listJobs` sends back what it was given. */
const MOMENT =
  /^\d{4,6}-(?:0\d|1[0-2])-(?:[012]\d|3[01])T[012]\d:[0-5]\d:[0-5]\d(?:\.\d{1,6})?[-+]\d\d(?::\d\d){0,2}(?: BC)?$/

function listedOf({ due: runAt, finished, running, error, ...row }: Row): ListedJob {
  const { id, queue, name, attempt, attempts, priority } = row
  return {
    id,
    queue,
    name,
    attempt,
    attempts,
    priority,
    runAt: runAt ?? undefined,
    finishedAt: finished ?? undefined,
    isRunning: running,
    error: error === null ? undefined : (JSON.parse(error) as KeptError),
  }
}
