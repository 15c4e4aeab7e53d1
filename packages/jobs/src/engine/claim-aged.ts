import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { type ClaimRequest, jobsOf, laneSet, take } from './claim.ts'
import type { ClaimedJob } from './lease.ts'

/** How many priorities of a lane one look knows, from the best one on. */
const LEVELS = 32

/** The longest time that a job may have to wait for, in milliseconds: PostgreSQL knows no moment long before. */
const LONGEST_MS = 1e13

/** What {@link claimAged} takes. */
export interface AgedRequest extends ClaimRequest {
  /** How long a job must have been due for each step that its priority is behind, in milliseconds. */
  readonly agingMs: number
}

/**
 * Takes up to `limit` jobs that have been due for so long that they go before better priorities: for `agingMs` times
 * the difference to the best priority that waits in the lanes. The first is the one for which time and priority
 * together come first (its time plus `agingMs` times its priority), which never changes: so none is passed for ever.
 *
 * It looks at the first jobs of each priority, from one to the next in the index `yuzuru_jobs_due`, and writes to
 * nothing but what it takes. Where a lane has one priority, that is two entries of the index. The bounds stay.
 */
export async function claimAged(
  db: QueryExecutorProvider,
  { bounds, limit, worker, agingMs, through }: AgedRequest,
  options: IoOptions,
): Promise<ClaimedJob[]> {
  const behind = sql`least((level.priority::float8 - best.priority) * ${agingMs}::float8, ${LONGEST_MS}::float8)`
  const due = sql`
    select ctid as place from yuzuru_jobs where stage = 0 and worker is null and id = any (array(
      with recursive level as (
        select lane.queue, lane.name, head.priority, 1 as depth from ${laneSet(bounds, through)} cross join lateral (
          select priority ${waiting('lane')} and (priority, run_at, seq) > (lane.priority, lane.run_at, lane.seq)
          order by priority, run_at, seq limit 1
        ) as head
        union all
        select level.queue, level.name, next.priority, depth + 1 from level cross join lateral (
          select priority ${waiting('level')} and priority > level.priority order by priority limit 1
        ) as next where depth < ${LEVELS}::integer
      ), best as materialized (select min(priority) as priority from level)
      select head.id from level, best, lateral (
        select id, run_at, seq ${waiting('level')} and priority = level.priority
          and run_at <= now() - ${behind} * interval '1 millisecond'
        order by run_at, seq limit ${limit}::integer
      ) as head where level.priority > best.priority
      order by date_part('epoch', head.run_at) * 1000 + level.priority::float8 * ${agingMs}::float8, head.seq
      limit ${limit}::integer
    )) for update skip locked`
  // Not whether any was passed over: the look at all that is due, which follows, says so.
  const { rows } = await take(db, { worker, limit, through }, { due, seen: undefined }, options)
  return jobsOf(rows)
}

/** What waits in a lane. */
function waiting(lane: 'lane' | 'level'): RawBuilder<unknown> {
  return sql`from yuzuru_jobs
    where stage = 0 and worker is null and queue = ${sql.ref(`${lane}.queue`)} and name = ${sql.ref(`${lane}.name`)}`
}
