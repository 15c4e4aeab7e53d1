import type { IoOptions } from '@yuzuru/concurrency'
import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { CHANNEL } from '../database/channel.ts'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import { cancelChildren } from './cancel-children.ts'
import { deliver } from './deliver.ts'
import { failLinked, isBehindOthers, readyByLinks, withEndedChildren } from './follow-links.ts'

/** How many signals one transaction works off. */
const BATCH = 500

/** What came of some signals. */
export interface Woken {
  /** How many signals there were. */
  readonly signals: number
  /** How many jobs are due now. */
  readonly jobs: number
  /** Whether others have some locked that the signals are about: the end of a lock tells nobody. */
  readonly passedOver: boolean
}

/**
 * Works off signals: makes due what has got what it waits for. What is looked at once the jobs are locked was
 * committed by then, so that nothing can come, or begin to wait, unseen in between. What is not
 * parked at that moment is passed over: it leaves a signal for itself when it parks.
 */
export async function wakeParked(db: Kysely<unknown>, options: IoOptions): Promise<Woken> {
  return await committed(db, async (tx) => {
    const taken = await take(tx, options)
    const uncancelled = await cancelChildren(tx, taken.cancelled, options)
    const { parked, within, busy } = await lock(tx, taken.ids, options)
    await signalAgain(tx, uncancelled, busy, options)
    const signals = Math.max(0, taken.signals - uncancelled.length - busy.length)
    const passedOver = uncancelled.length + busy.length > 0
    if (parked.length === 0) return { signals, jobs: 0, passedOver }
    await failLinked(tx, parked, options)
    const due = new Set([
      ...(await deliver(tx, { ids: within }, options)),
      ...(await withEndedChildren(tx, within, options)),
      ...(await readyByLinks(tx, parked, options)),
    ])
    return { signals, jobs: await makeDue(tx, [...due], options), passedOver }
  })
}

const CALL = { operation: 'wake', effect: 'idempotent' } as const

interface Taken {
  readonly signals: number
  /** What may have got something. */
  readonly ids: readonly string[]
  /** Parents that were cancelled. */
  readonly cancelled: readonly string[]
}

/** The jobs that the oldest signals are about. */
async function take(tx: QueryExecutorProvider, options: IoOptions): Promise<Taken> {
  const [row] = await execute(
    tx,
    CALL,
    sql<Taken>`
      with taken as materialized (
        delete from yuzuru_job_signals where id = any (array(
          select id from yuzuru_job_signals order by id limit ${BATCH}::integer for update skip locked
        )) returning job_id, event_id, cancels
      ), about as (
        select job_id as id from taken where job_id is not null and cancels is null
        union
        select step.job_id from taken join yuzuru_job_events as event on event.id = taken.event_id
          join yuzuru_job_steps as step on step.event = event.event and step.event_key = event.key
            and step.settled is null
      )
      select (select count(*)::integer from taken) as signals,
        (select coalesce(json_agg(id), '[]') from about) as ids,
        (select coalesce(json_agg(distinct job_id), '[]') from taken where cancels) as cancelled`,
    options,
  )
  return row ?? { signals: 0, ids: [], cancelled: [] }
}

/** For the next time. */
async function signalAgain(
  tx: QueryExecutorProvider,
  parents: readonly string[],
  busy: readonly string[],
  options: IoOptions,
): Promise<void> {
  if (parents.length + busy.length === 0) return
  await execute(
    tx,
    CALL,
    sql`
      insert into yuzuru_job_signals (job_id, cancels)
      select id, true from unnest(${arrayLiteral(parents)}::uuid[]) as id
      union all
      select id, null from unnest(${arrayLiteral(busy)}::uuid[]) as id`,
    options,
  )
}

/**
 * Locks those that are parked. What others have locked, another worker or an enqueueing with the same key, is busy: it
 * is not waited for, as those may wait for what is locked here.
 */
async function lock(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<Locked> {
  if (ids.length === 0) return { parked: [], within: [], busy: [] }
  const isParked = sql`id = any (${arrayLiteral(ids)}::uuid[]) and stage in (1, 3) and waits and worker is null`
  const rows = await execute(
    tx,
    CALL,
    sql<{ id: string; locked: boolean; behind: boolean }>`
      with locked as materialized (
        select id from yuzuru_jobs where ${isParked} order by id for no key update skip locked
      )
      select id::text as id, id in (select id from locked) as locked, ${isBehindOthers('job')} as behind
      from yuzuru_jobs as job where ${isParked}`,
    options,
  )
  const locked = rows.filter((row) => row.locked)
  return {
    parked: locked.map(({ id }) => id),
    within: locked.filter(({ behind }) => !behind).map(({ id }) => id),
    busy: rows.filter((row) => !row.locked).map(({ id }) => id),
  }
}

interface Locked {
  readonly parked: readonly string[]
  /** Those of them that wait within their handler. */
  readonly within: readonly string[]
  readonly busy: readonly string[]
}

async function makeDue(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<number> {
  if (ids.length === 0) return 0
  const rows = await execute(
    tx,
    CALL,
    sql`
      with due as (
        update yuzuru_jobs set run_at = now(), waits = null,
          stage = case when stage = 3 then 3 when tenant is not null then 4 when crashes > 0 then 2 else 0 end
        where id = any (${arrayLiteral(ids)}::uuid[]) returning id
      )
      select id, pg_notify(${CHANNEL}::text, '') as notified from due`,
    options,
  )
  return rows.length
}
