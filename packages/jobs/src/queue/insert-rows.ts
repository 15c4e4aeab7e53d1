import type { IoOptions } from '@yuzuru/concurrency'
import { traceEnqueue, oneCall } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { announce } from './announce.ts'
import type { EnqueuePlan } from './enqueue-options.ts'
import { execute } from '../database/execute.ts'
import { textList } from '../database/text-list.ts'
import { JobError } from '../job-error.ts'
import { originOf } from '../job/origin.ts'
import { insertPlain, isPlain } from './insert-plain.ts'
import { type InsertPlan, type JobHandle, type NewRow, NOTIFY, withTags } from './new-row.ts'
import { insertSerial } from './serial-rows.ts'

/** How often a key may change hands during one call. */
const ROUNDS = 10

/** {@link insertAll}, and shows it to those who trace. */
export async function insertRows(
  db: QueryExecutorProvider,
  plan: EnqueuePlan,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<JobHandle[]> {
  const { job, queue, cron } = plan
  const jobId = rows.length === 1 ? rows[0]?.id : undefined
  return await traceEnqueue(
    () => ({ queue, name: job.name, count: rows.length, jobId }),
    (trace) => {
      const traced = { ...plan, origin: originOf(cron, trace) }
      // Without keys it is one statement.
      if (rows.every(({ key }) => key === undefined)) return insertAll(db, traced, rows, options)
      return oneCall('jobs.enqueue', options, () => insertAll(db, traced, rows, {}))
    },
  )
}

/**
 * Writes the rows in one statement, and finds the unfinished jobs that stand in their way. Such a job
 * may end between the two, so what was not found is tried again.
 */
async function insertAll(
  db: QueryExecutorProvider,
  plan: InsertPlan,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<JobHandle[]> {
  const { name, onConflict } = plan.job
  if (isPlain(plan, rows)) {
    await insertPlain(db, plan, rows, options)
    return rows.map(({ id }) => ({ id, name, created: true }))
  }
  const handles = new Map<NewRow, JobHandle>()
  let pending = rows
  if (onConflict !== 'skip') {
    pending = rows.filter(({ key }) => key === undefined)
    // By key, so that two calls with the same keys never wait for each other in a circle.
    const keyed = rows.filter(({ key }) => key !== undefined).toSorted(byKey)
    for (const row of keyed) handles.set(row, await insertSerial(db, plan, row, options))
    if (pending.length === 0) return rows.map((row) => handles.get(row) as JobHandle)
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const created = await insert(db, plan, pending, options)
    for (const row of pending) {
      if (created.has(row.id)) handles.set(row, { id: row.id, name, created: true })
    }
    pending = pending.filter((row) => !handles.has(row))
    if (pending.length === 0) break
    const existing = await findUnfinished(db, name, pending, options)
    for (const row of pending) {
      const id = existing.get(row.key ?? '')
      if (id !== undefined) handles.set(row, { id, name, created: false })
    }
    pending = pending.filter((row) => !handles.has(row))
    if (pending.length === 0) break
  }
  return rows.map((row) => handles.get(row) ?? contended(name, handles))
}

const byKey = (a: NewRow, b: NewRow): number =>
  (a.key ?? '') < (b.key ?? '') ? -1 : (a.key ?? '') > (b.key ?? '') ? 1 : 0

async function insert(
  db: QueryExecutorProvider,
  plan: InsertPlan,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<Set<string>> {
  const { job, queue, priority, attempts, runAt, origin } = plan
  const isKeyed = rows.some(({ key }) => key !== undefined)
  const isWide = rows.some(hasMore)
  const { inStatement, made } = announce(db)
  const statement = sql<{ id: string }>`
      insert into yuzuru_jobs
        (id, name, queue, payload, version, priority, unique_key, max_attempts, run_at, stage
        ${isWide ? sql`, group_key, tenant` : sql``}${origin === undefined ? sql`` : sql`, origin`})
      select input.id, ${job.name}, ${queue}, input.payload,
        ${job.version}::smallint, ${priority}::integer, input.unique_key,
        ${attempts}::integer, ${runAt === undefined ? sql`statement_timestamp()` : sql`due.at`},
        ${
          isWide
            ? sql`case when input."group" is not null then 3
          when input.tenant is not null and (${stageOf(runAt)}) = 0 then 4 else ${stageOf(runAt)} end`
            : stageOf(runAt)
        }
        ${isWide ? sql`, 'g:' || input."group", input.tenant` : sql``}
        ${origin === undefined ? sql`` : sql`, ${origin}::json`}
      from ${inputOf(rows)} ${runAt === undefined ? sql`` : sql`, (select ${runAt} as at) as due`}
      ${isKeyed ? KEYED : sql``}
      returning id::text as id ${inStatement ? NOTIFY : sql``}`
  const call = { operation: 'enqueue', effect: 'write' } as const
  const created = await execute(db, call, withTags(statement, rows), options)
  made()
  return new Set(created.map((row) => row.id))
}

function stageOf(runAt: unknown): RawBuilder<number> {
  return runAt === undefined ? sql`0` : sql`case when due.at > clock_timestamp() then 1 else 0 end`
}

/** By key, so that two calls with the same keys never wait for each other in a circle. */
const KEYED = sql`
  order by input.unique_key collate "C", input.place
  on conflict (name, unique_key) where unique_key is not null do nothing`

/** The rows that are to be written. There is a column for the groups only where there are any. */
function inputOf(rows: readonly NewRow[]): RawBuilder<unknown> {
  const [row] = rows
  if (rows.some(hasMore)) return wideInput(rows)
  if (rows.length === 1 && row !== undefined) {
    const { id, payload, key = null } = row
    return sql`(select ${id}::uuid, ${payload}::json, ${key}::text, 1)
      as input (id, payload, unique_key, place)`
  }
  const payloads = `[${rows.map(({ payload }) => payload).join(',')}]`
  const ids = arrayLiteral(rows.map(({ id }) => id))
  if (rows.every(({ key }) => key === undefined)) {
    return sql`rows from (unnest(${ids}::uuid[]), json_array_elements(${payloads}::json))
      with ordinality as source (id, payload, place)
      cross join lateral (select source.*, null::text as unique_key) as input`
  }
  const keys = JSON.stringify(rows.map(({ key }) => key ?? null))
  return sql`rows from (unnest(${ids}::uuid[]), json_array_elements(${payloads}::json),
    jsonb_array_elements_text(${keys}::jsonb))
    with ordinality as input (id, payload, unique_key, place)`
}

/** Whether it has more than a payload and a key. */
function hasMore({ group, tenant }: NewRow): boolean {
  return group !== undefined || tenant !== undefined
}

function wideInput(rows: readonly NewRow[]): RawBuilder<unknown> {
  const ids = arrayLiteral(rows.map(({ id }) => id))
  const payloads = `[${rows.map(({ payload }) => payload).join(',')}]`
  const names = JSON.stringify(
    rows.map(({ key = null, group = null, tenant = null }) => ({ key, group, tenant })),
  )
  return sql`rows from (unnest(${ids}::uuid[]), json_array_elements(${payloads}::json),
      jsonb_array_elements(${names}::jsonb)) with ordinality as source (id, payload, names, place)
    cross join lateral (select source.*, names ->> 'key' as unique_key, names ->> 'group' as "group",
      names ->> 'tenant' as tenant)
      as input`
}

async function findUnfinished(
  db: QueryExecutorProvider,
  name: string,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<Map<string, string>> {
  const keys = rows.flatMap(({ key }) => key ?? [])
  const found = await execute(
    db,
    { operation: 'enqueue', effect: 'read' },
    sql<{ id: string; key: string }>`
      select id::text as id, unique_key as key from yuzuru_jobs
      where name = ${name} and unique_key = any (${textList(keys)})`,
    options,
  )
  return new Map(found.map((row) => [row.key, row.id]))
}

function contended(name: string, handles: ReadonlyMap<NewRow, JobHandle>): never {
  const wrote = handles.values().some((handle) => handle.created)
  throw new JobError(`The key of "${name}" changed hands ${ROUNDS} times in a row; try again`, {
    operation: 'enqueue',
    code: 'conflict',
    retryable: true,
    outcome: wrote ? 'unknown' : 'none',
  })
}
