import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { isUniqueViolation } from '../database/database-error.ts'
import { execute } from '../database/execute.ts'

/** How many groups of a kind one statement looks at. */
const BATCH = 1_000

/** From where on the groups of each kind are looked at, by their kinds' names. */
export type GroupPlaces = ReadonlyMap<string, string>

/** What {@link openGroups} has done. */
export interface OpenedGroups {
  /** How many jobs may run now. */
  readonly opened: number
  /** In how many milliseconds the first of those that are for later becomes due; `Infinity` for none. */
  readonly nextMs: number
  /** Where the next look goes on; a kind of which all were looked at begins anew. */
  readonly places: GroupPlaces
  /** Whether there may be more in this round. */
  readonly more: boolean
  /** Whether others have some of them locked: the end of a lock tells nobody. */
  readonly passedOver: boolean
}

/**
 * Lets the first job of each group go that has none before it: one that is behind becomes the head of its group once
 * no other of the group is due, for later, or running. That is derived from the jobs alone, each time anew, so that
 * whatever ended the last head (its end, a cancel, a crash, a hand in the table) can't leave a group behind.
 *
 * What others have locked is passed over, and not waited for.
 */
export async function openGroups(
  db: QueryExecutorProvider,
  places: GroupPlaces,
  options: IoOptions,
): Promise<OpenedGroups> {
  const kinds = JSON.stringify([...places].map(([name, after]) => ({ name, after })))
  try {
    const rows = await execute(
      db,
      { operation: 'openGroups', effect: 'idempotent' },
      sql<{
        readonly name: string
        readonly seen: number
        readonly last: string
        readonly opened: number
        readonly passed: boolean
        readonly next: number | null
      }>`
        with lane as materialized (
          select kind.name, lane.group_key
          from jsonb_to_recordset(${kinds}::jsonb) as kind (name text collate "C", after text collate "C")
          cross join lateral (
            with recursive next as (
              (select group_key from yuzuru_jobs where stage = 3 and name = kind.name
                and group_key > kind.after order by group_key limit 1)
              union all
              select after.group_key from next cross join lateral (
                select group_key from yuzuru_jobs where stage = 3 and name = kind.name
                  and group_key > next.group_key order by group_key limit 1
              ) as after
            )
            select group_key from next limit ${BATCH}::integer
          ) as lane
        ), head as materialized (
          select job.id from lane cross join lateral (
            select id from yuzuru_jobs where stage = 3 and name = lane.name and group_key = lane.group_key
            order by seq limit 1
          ) as job
          where not exists (select from yuzuru_jobs as open where open.name = lane.name
            and open.group_key = lane.group_key and open.group_key is not null and open.stage <> 3)
        ), free as materialized (
          select id from yuzuru_jobs where id = any (array(select id from head)) and stage = 3
          for update skip locked
        ), opened as (
          update yuzuru_jobs as job set stage = case when run_at > now() then 1 when tenant is not null then 4 else 0 end
          from free where job.id = free.id returning job.stage, job.run_at
        )
        select name, count(*)::integer as seen, max(group_key) as last,
          (select count(*) from opened)::integer as opened,
          (select count(*) from head) > (select count(*) from opened) as passed,
          (select date_part('epoch', min(run_at) - now()) * 1000 from opened where stage = 1) as next,
          case when exists (select from opened where stage <> 1) then pg_notify(${CHANNEL}::text, '') end as notified
        from lane group by name`,
      options,
    )
    const full = rows.filter(({ seen }) => seen === BATCH)
    const next = new Map([...places.keys()].map((name) => [name, '']))
    for (const { name, last } of full) next.set(name, last)
    const { opened = 0, passed: passedOver = false, next: nextMs } = rows[0] ?? {}
    const more = full.length > 0
    return { opened, nextMs: nextMs ?? Infinity, places: next, more, passedOver }
  } catch (error) {
    // Another worker opened a different job of the same group, as one that came first was committed late.
    if (!isUniqueViolation(error)) throw error
    return { opened: 0, nextMs: Infinity, places, more: true, passedOver: false }
  }
}
