import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute } from '../database/execute.ts'
import { textList } from '../database/text-list.ts'

/** How many jobs one statement makes due. */
const BATCH = 1_000

/** What there was besides jobs that are due. */
export interface Upkeep {
  /** How many jobs for later have become due. */
  readonly promoted: number
  /** Whether there may be more of those. */
  readonly more: boolean
  /** Whether others have some of those locked: the end of a lock tells nobody. */
  readonly passedOver: boolean
  /** In how many milliseconds the next one becomes due; `Infinity` when none waits. */
  readonly nextMs: number
  /** Whether something may have come that jobs wait for. */
  readonly signals: boolean
  /** Whether some worker has let its lease expire. */
  readonly expired: boolean
  /** Whether some job waits that is tried one at a time. */
  readonly suspects: boolean
  /** Whether a job of some of the kinds is behind another one of its group. */
  readonly behind: boolean
  /** Those of the kinds of which limits hold jobs back. */
  readonly held: readonly string[]
  /** The kinds and queues that have a number of places. */
  readonly scaled: readonly string[]
}

/**
 * Makes due the jobs for later whose time has come, by the database's clock, of all queues and kinds. They
 * stand apart until then, so that they cost a claim nothing.
 */
export async function promote(
  db: QueryExecutorProvider,
  options: IoOptions,
  kinds: readonly string[] = [],
): Promise<Upkeep> {
  const [row] = await execute(
    db,
    { operation: 'promote', effect: 'idempotent' },
    sql<
      Partial<Omit<Upkeep, 'nextMs' | 'held' | 'scaled'>> & {
        next: number | null
        held: string
        scaled: string
      }
    >`
      with due as materialized (
        select ctid as place from yuzuru_jobs where stage = 1 and run_at <= now()
        order by run_at limit ${BATCH}::integer for update skip locked
      ), promoted as (
        update yuzuru_jobs as job set stage = case when tenant is not null then 4 when crashes > 0 then 2 else 0 end,
          put_off = null
        where job.ctid = any (array(select place from due)) returning 1
      ), counted as materialized (select count(*)::integer as jobs from promoted)
      select jobs as promoted,
        jobs < ${BATCH}::integer and exists (select from yuzuru_jobs
          where stage = 1 and run_at <= now() order by run_at offset (select jobs from counted)) as "passedOver",
        (select date_part('epoch', run_at - now()) * 1000 from yuzuru_jobs
          where stage = 1 and run_at > now() order by run_at limit 1) as next,
        exists (select from yuzuru_job_signals) as signals,
        exists (select from yuzuru_job_workers where lease_until < now()) as expired,
        exists (select from yuzuru_jobs where stage = 2 and worker is null) as suspects,
        exists (select from yuzuru_jobs where stage = 3 and name = any (${textList(kinds)})) as behind,
        (select coalesce(json_agg(kind), '[]') from jsonb_array_elements_text(${JSON.stringify(kinds)}::jsonb) as kind
          where exists (select from yuzuru_jobs where stage = 4 and name = kind))::text as held,
        (select coalesce(json_agg(target), '[]') from yuzuru_job_pauses where places is not null)::text as scaled,
        case when jobs > 0 then pg_notify(${CHANNEL}::text, '') end as notified
      from counted`,
    options,
  )
  const { promoted = 0, passedOver = false, next = null, signals = false } = row ?? {}
  const { expired = false, suspects = false, behind = false } = row ?? {}
  return {
    promoted,
    more: promoted === BATCH,
    passedOver,
    nextMs: next ?? Infinity,
    signals,
    expired,
    suspects,
    behind,
    held: JSON.parse(row?.held ?? '[]') as string[],
    scaled: JSON.parse(row?.scaled ?? '[]') as string[],
  }
}
