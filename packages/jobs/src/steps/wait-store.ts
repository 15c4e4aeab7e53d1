import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { deliver } from '../engine/deliver.ts'
import type { Lease } from '../engine/lease.ts'
import { hasStep, LEFT, namesOf } from './step-store.ts'

/** A wait that begins. */
export interface NewWait {
  readonly name: string
  readonly event: string
  readonly key: string
  /** `undefined` for no limit. */
  readonly timeoutMs: number | undefined
  readonly beside: readonly string[]
}

/** How a wait stands. */
export interface Waiting {
  readonly isSettled: boolean
  /** JSON; `undefined` where the time was over first. */
  readonly result: string | undefined
  /** How long it may still last, in milliseconds; `Infinity` for no limit. */
  readonly leftMs: number
}

/** Begins a wait, if the job is still that of this claim. @returns whether it has begun; `false`: the lease was lost */
export async function keepWait(
  db: QueryExecutorProvider,
  lease: Lease,
  { name, event, key, timeoutMs, beside }: NewWait,
  options: IoOptions,
): Promise<boolean> {
  const wakeAt =
    timeoutMs === undefined
      ? sql`null`
      : sql`clock_timestamp() + ${timeoutMs}::float8 * interval '1 millisecond'`
  const kept = await execute(
    db,
    { operation: 'step', effect: 'idempotent' },
    sql`
      insert into yuzuru_job_steps (job_id, name, claim, took_ms, event, event_key, wake_at, beside)
      select id, ${name}::text, claim, 0, ${event}::text, ${key}::text, ${wakeAt}, ${namesOf(beside)}
      from yuzuru_jobs where id = ${lease.id}::uuid and claim = ${lease.claim}::bigint for share
      on conflict (job_id, name) do nothing
      returning name`,
    options,
  )
  return kept.length > 0 || (await hasStep(db, lease, name, options))
}

/**
 * Gives a wait what has come, or ends it when its time is over. What it has got, or that it got nothing, stays so.
 *
 * @returns `undefined`: the lease was lost
 */
export async function lookAtWait(
  db: QueryExecutorProvider,
  lease: Lease,
  name: string,
  options: IoOptions,
): Promise<Waiting | undefined> {
  await deliver(db, { ids: [lease.id], claim: lease.claim }, options)
  const [row] = await execute(
    db,
    { operation: 'step', effect: 'idempotent' },
    sql<{ settled: boolean; result: string | null; left: number | null }>`
      with mine as materialized (
        select id from yuzuru_jobs
        where id = ${lease.id}::uuid and claim = ${lease.claim}::bigint for share
      ), over as (
        update yuzuru_job_steps as step set settled = true from mine
        where step.job_id = mine.id and step.name = ${name}::text and step.settled is null
          and step.wake_at <= clock_timestamp()
        returning true as settled
      )
      select coalesce(step.settled, (select settled from over), false) as settled,
        step.result::text as result, ${LEFT} as left
      from yuzuru_job_steps as step join mine on step.job_id = mine.id
      where step.name = ${name}::text`,
    options,
  )
  if (row === undefined) return undefined
  const { settled, result, left } = row
  return { isSettled: settled, result: result ?? undefined, leftMs: left ?? Infinity }
}
