import type { IoOptions } from '@yuzuru/concurrency'
import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { CHANNEL } from '../database/channel.ts'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import { deliver } from './deliver.ts'

/** How many signals one transaction works off. */
const BATCH = 500

/** What came of some signals. */
export interface Woken {
  /** How many signals there were. */
  readonly signals: number
  /** How many jobs are due now. */
  readonly jobs: number
}

/**
 * Works off signals: makes due what has got what it waits for. In three statements: what the third one sees was
 * committed when the jobs were locked, so that nothing can come, or begin to wait, unseen in between. What is not
 * parked at that moment is passed over: it leaves a signal for itself when it parks.
 */
export async function wakeParked(db: Kysely<unknown>, options: IoOptions): Promise<Woken> {
  return await committed(db, async (tx) => {
    const { signals, ids } = await take(tx, options)
    if (ids.length === 0) return { signals, jobs: 0 }
    const parked = await lock(tx, ids, options)
    if (parked.length === 0) return { signals, jobs: 0 }
    const got = await deliver(tx, { ids: parked }, options)
    return { signals, jobs: await makeDue(tx, got, options) }
  })
}

const CALL = { operation: 'wake', effect: 'idempotent' } as const

/** The jobs that the oldest signals are about. */
async function take(
  tx: QueryExecutorProvider,
  options: IoOptions,
): Promise<{ readonly signals: number; readonly ids: readonly string[] }> {
  const [row] = await execute(
    tx,
    CALL,
    sql<{ signals: number; ids: readonly string[] }>`
      with taken as materialized (
        delete from yuzuru_job_signals where id = any (array(
          select id from yuzuru_job_signals order by id limit ${BATCH}::integer for update skip locked
        )) returning job_id, event_id
      ), about as (
        select job_id as id from taken where job_id is not null
        union
        select step.job_id from taken join yuzuru_job_events as event on event.id = taken.event_id
          join yuzuru_job_steps as step on step.event = event.event and step.event_key = event.key
            and step.settled is null
      )
      select (select count(*)::integer from taken) as signals,
        (select coalesce(json_agg(id), '[]') from about) as ids`,
    options,
  )
  return row ?? { signals: 0, ids: [] }
}

/** Locks those that are parked, always in the same order, as another worker may have some of them. */
async function lock(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  options: IoOptions,
): Promise<string[]> {
  const rows = await execute(
    tx,
    CALL,
    sql<{ id: string }>`
      select id::text as id from yuzuru_jobs
      where id = any (${arrayLiteral(ids)}::uuid[]) and stage = 1 and waits and worker is null
      order by id for no key update`,
    options,
  )
  return rows.map(({ id }) => id)
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
        update yuzuru_jobs set stage = case when tenant is not null then 4 when crashes > 0 then 2 else 0 end, run_at = now(), waits = null
        where id = any (${arrayLiteral(ids)}::uuid[]) returning id
      )
      select id, pg_notify(${CHANNEL}, '') as notified from due`,
    options,
  )
  return rows.length
}
