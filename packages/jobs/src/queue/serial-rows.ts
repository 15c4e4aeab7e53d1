import type { Effect, IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { intoHistory } from '../database/history.ts'
import { JobError } from '../job-error.ts'
import { announce } from './announce.ts'
import { type InsertPlan, type JobHandle, type NewRow, NOTIFY, withTags } from './new-row.ts'

/*
 * Of a key whose jobs follow each other there are two at the most: the head of its group, which waits or runs, and one
 * that is behind. All are written as behind, and a worker makes the first of them the head (`openGroups`), so that
 * nothing an unfinished transaction has written can be in the way of that.
 *
 * What waits, and so stands for this call, is locked until the transaction of the call ends: no worker takes it before
 * it can see what that has written.
 */

/** How often a key may change hands during one call. */
const ROUNDS = 10

/**
 * Enqueues one job of a key whose jobs follow each other, or finds the one that stands for it.
 *
 * @throws {JobError} `'conflict'` when the key changed hands too often meanwhile
 */
export async function insertSerial(
  db: QueryExecutorProvider,
  plan: InsertPlan,
  row: NewRow,
  options: IoOptions,
): Promise<JobHandle> {
  const { name } = plan.job
  const place = { plan, row, group: groupKeyOf(row) }
  for (let round = 0; round < ROUNDS; round += 1) {
    const standing = await standingFor(db, place, options)
    if (standing !== undefined) return { id: standing, name, created: false }
    if (await insertBehind(db, place, options)) return { id: row.id, name, created: true }
  }
  throw new JobError(`The key of "${name}" changed hands ${ROUNDS} times in a row; try again`, {
    operation: 'enqueue',
    code: 'conflict',
    retryable: true,
    outcome: 'none',
  })
}

interface Place {
  readonly plan: InsertPlan
  readonly row: NewRow
  readonly group: string
}

function groupKeyOf({ key, group }: NewRow): string {
  return group === undefined ? `k:${key}` : `g:${group}`
}

/** The id of a job that stands for the new one: one that waits, or, for `'skip'`, one that runs. */
async function standingFor(
  db: QueryExecutorProvider,
  place: Place,
  options: IoOptions,
): Promise<string | undefined> {
  const { onConflict, job } = place.plan
  const behind = sql`name = ${job.name} and serial_key = ${place.row.key} and stage = 3`
  const head = sql`name = ${job.name} and group_key = ${place.group} and stage <> 3
    and group_key is not null and serial_key = ${place.row.key}`
  if (onConflict === 'skip') {
    return await idOf(
      db,
      sql`select id::text as id from yuzuru_jobs where ${behind}
        union all select id::text from yuzuru_jobs where ${head} limit 1`,
      options,
    )
  }
  if (onConflict === 'again') {
    const locked = (which: RawBuilder<unknown>): RawBuilder<unknown> =>
      sql`select id::text as id from yuzuru_jobs where ${which} for update`
    const waiting = await idOf(db, locked(behind), options)
    if (waiting !== undefined) return waiting
    const first = await idOf(db, locked(sql`${head} and worker is null`), options)
    // What has kept a step sleeps, or waits, or is tried again in the middle of its work: it is not begun anew.
    const isUnderWay = sql`select ${first}::text as id from yuzuru_job_steps where job_id = ${first}::uuid limit 1`
    if (first === undefined || (await idOf(db, isUnderWay, options)) !== undefined) return undefined
    return first
  }
  const cancel = async (which: RawBuilder<unknown>): Promise<unknown> =>
    await idOf(
      db,
      sql`
        with gone as (delete from yuzuru_jobs where ${which} returning *)
        ${intoHistory('gone', sql`'cancelled'`)} returning id::text as id`,
      options,
      'write',
    )
  // What was begun keeps its payload: its id may be known outside as that of this very work, and its steps are kept.
  await cancel(sql`${behind} and claim > 0`)
  const { inStatement, made } = announce(db)
  const replaced = async (which: RawBuilder<unknown>): Promise<string | undefined> =>
    await idOf(
      db,
      withTags(replacing(place, which, inStatement), [place.row], true),
      options,
      'write',
    )
  const found =
    (await replaced(behind)) ?? (await replaced(sql`${head} and worker is null and claim = 0`))
  if (found !== undefined) {
    made()
    return found
  }
  await cancel(sql`${head} and worker is null`)
  return undefined
}

async function idOf(
  db: QueryExecutorProvider,
  statement: RawBuilder<unknown>,
  options: IoOptions,
  effect: Effect = 'read',
): Promise<string | undefined> {
  const call = { operation: 'enqueue', effect } as const
  const [found] = await execute(db, call, statement as RawBuilder<{ id: string }>, options)
  return found?.id
}

function replacing(
  { plan, row }: Place,
  which: RawBuilder<unknown>,
  notifies: boolean,
): RawBuilder<{ id: string }> {
  const { job, queue, priority, attempts, runAt, onConflict, maxDelayMs, origin = null } = plan
  const now = sql`clock_timestamp()`
  const asked = runAt ?? now
  const at =
    onConflict === 'debounce'
      ? sql`least(${asked}, enqueued_at + ${maxDelayMs}::float8 * interval '1 millisecond')`
      : asked
  return sql<{ id: string }>`
    update yuzuru_jobs set payload = ${row.payload}::json, version = ${job.version}::smallint,
      priority = ${priority}::integer, queue = ${queue}, max_attempts = ${attempts}::integer,
      origin = ${origin}::json,
      -- One that waits in a flow is due when that lets it go, and not before.
      run_at = case when waits then run_at else ${at} end,
      stage = case when stage = 3 or waits then stage when ${at} > ${now} then 1
        when ${row.tenant ?? null}::text is not null then 4 else 0 end,
      tenant = ${row.tenant ?? null}, put_off = null
    where ${which} returning id::text as id ${notifies ? NOTIFY : sql``}`
}

async function insertBehind(
  db: QueryExecutorProvider,
  { plan, row, group }: Place,
  options: IoOptions,
): Promise<boolean> {
  const { job, queue, priority, attempts, runAt, origin = null } = plan
  const { inStatement, made } = announce(db)
  const created = await execute(
    db,
    { operation: 'enqueue', effect: 'write' },
    withTags(
      sql<{ id: string }>`
      insert into yuzuru_jobs (id, name, queue, payload, version, priority, max_attempts, run_at, stage,
        group_key, serial_key, tenant, origin)
      values (${row.id}::uuid, ${job.name}, ${queue}, ${row.payload}::json, ${job.version}::smallint,
        ${priority}::integer, ${attempts}::integer, ${runAt ?? sql`statement_timestamp()`}, 3,
        ${group}, ${row.key}, ${row.tenant ?? null}, ${origin}::json)
      on conflict (name, serial_key) where serial_key is not null and stage = 3 do nothing
      returning id::text as id ${inStatement ? NOTIFY : sql``}`,
      [row],
    ),
    options,
  )
  if (created.length > 0) made()
  return created.length > 0
}
