import type { IoOptions } from '@yuzuru/concurrency'
import {
  type Kysely,
  type QueryExecutorProvider,
  type RawBuilder,
  sql,
  type Transaction,
} from 'kysely'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import { nameIn, pauseOf } from '../database/not-paused.ts'
import { textList } from '../database/text-list.ts'
import type { ClaimRequest, Taken } from './claim.ts'
import { Bounds, type Lane } from './lane.ts'
import type { ClaimedJob } from './lease.ts'

/** What is to be taken of lanes whose kind or queue has a number of places. */
export interface PlacesRequest {
  readonly lanes: readonly Lane[]
  readonly limit: number
  /** The number of the worker's row. */
  readonly worker: string
}

/** A row that this look holds. */
interface Place {
  readonly target: string
  readonly places: number
  readonly counted: boolean
}

const CALL = { operation: 'claim', effect: 'write' } as const

/**
 * Takes jobs of kinds and queues that have a number of places, on all machines no more than those. Whoever does so holds
 * their rows, and counts what is taken and has not ended; so nothing is left over by a crash. Those that another holds, or
 * that are paused, are left out.
 *
 * @param take takes up to a number of jobs of some lanes, in the transaction that holds the rows
 */
export async function withinPlaces(
  db: Kysely<unknown>,
  { lanes, limit, worker }: PlacesRequest,
  take: (tx: Transaction<unknown>, request: ClaimRequest) => Promise<Taken>,
  options: IoOptions,
): Promise<Taken> {
  return await committed(db, async (tx) => {
    const targets = [...new Set(lanes.flatMap((lane) => targetsOf(lane)))]
    const { held, left, isBusy } = await hold(tx, targets, options)
    if (held.length === 0) return { jobs: [], passedOver: isBusy }
    // Statements of their own: what they see is what was committed before the rows were had.
    const fresh = held.filter(({ counted }) => !counted).map(({ target }) => target)
    if (fresh.length > 0) await countTaken(tx, fresh, options)
    const free = await freeOf(tx, held, options)
    const jobs: ClaimedJob[] = []
    let passedOver = isBusy
    for (const { lanes: of, through } of groupsOf(lanes, free, left)) {
      const most = Math.min(limit - jobs.length, ...through.map((each) => free.get(each) ?? 0))
      if (most <= 0) continue
      const taken = await take(tx, { bounds: new Bounds(of), limit: most, worker, through })
      for (const each of through) free.set(each, (free.get(each) ?? 0) - taken.jobs.length)
      jobs.push(...taken.jobs)
      passedOver ||= taken.passedOver
    }
    return { jobs, passedOver }
  })
}

/** What may stand against a lane. */
export function targetsOf({ queue, name }: Lane): readonly string[] {
  return [pauseOf('job', name), pauseOf('queue', queue)]
}

/** Locks what is not paused and that nobody else holds. What is left out of that is not to be taken. */
async function hold(
  tx: QueryExecutorProvider,
  targets: readonly string[],
  options: IoOptions,
): Promise<{
  readonly held: readonly Place[]
  readonly left: ReadonlySet<string>
  readonly isBusy: boolean
}> {
  const some = sql`target = any (${textList(targets)})`
  const rows = await execute(
    tx,
    CALL,
    sql<Place & { readonly isHeld: boolean; readonly isPaused: boolean }>`
      with held as materialized (
        select target, places, counted from yuzuru_job_pauses
        where ${some} and paused_at is null order by target for update skip locked
      )
      select target, places, counted, true as "isHeld", false as "isPaused" from held
      union all
      select target, places, counted, false, paused_at is not null from yuzuru_job_pauses
      where ${some} and target not in (select target from held)`,
    options,
  )
  const left = rows.filter(({ isHeld }) => !isHeld)
  return {
    held: rows.filter(({ isHeld }) => isHeld),
    left: new Set(left.map(({ target }) => target)),
    isBusy: left.some(({ isPaused }) => !isPaused),
  }
}

/** Counts what was taken before there was a number: it reads the table, once for each kind or queue. */
async function countTaken(
  tx: QueryExecutorProvider,
  targets: readonly string[],
  options: IoOptions,
): Promise<void> {
  await execute(
    tx,
    CALL,
    sql`
      with taken as (
        insert into yuzuru_job_places (job_id, claim, name, queue)
        select id, claim, name, queue from yuzuru_jobs
        where worker is not null and ${isOf(targets)} order by id
        on conflict (job_id) do update set claim = excluded.claim
      )
      update yuzuru_job_pauses set counted = true where target = any (${textList(targets)})`,
    options,
  )
}

/** How many places are free. What was noted and is not taken by that claim any more is forgotten. */
async function freeOf(
  tx: QueryExecutorProvider,
  held: readonly Place[],
  options: IoOptions,
): Promise<Map<string, number>> {
  const targets = held.map(({ target }) => target)
  const isTaken = sql`exists (select from yuzuru_jobs as job
    where job.id = place.job_id and job.claim = place.claim and job.worker is not null)`
  const [row] = await execute(
    tx,
    CALL,
    sql<{ kinds: string; queues: string }>`
      with gone as (
        -- Who holds the queue of a job may not be who holds its kind: neither waits for the other.
        delete from yuzuru_job_places where job_id in (
          select job_id from yuzuru_job_places as place where ${isOf(targets)} and not ${isTaken}
          for update skip locked)
      ), taken as materialized (
        select name, queue from yuzuru_job_places as place where ${isOf(targets)} and ${isTaken}
      )
      select
        (select coalesce(json_object_agg(name, jobs), '{}') from (
          select name, count(*) as jobs from taken group by name) as kind)::text as kinds,
        (select coalesce(json_object_agg(queue, jobs), '{}') from (
          select queue, count(*) as jobs from taken group by queue) as queue)::text as queues`,
    options,
  )
  const kinds = new Map(Object.entries(JSON.parse(row?.kinds ?? '{}') as Record<string, number>))
  const queues = new Map(Object.entries(JSON.parse(row?.queues ?? '{}') as Record<string, number>))
  return new Map(
    held.map(({ target, places }) => {
      const name = nameIn(target, 'job')
      const taken = name === undefined ? queues.get(nameIn(target, 'queue') ?? '') : kinds.get(name)
      return [target, places - (taken ?? 0)]
    }),
  )
}

/** The lanes from which jobs may be taken, by what they need places of. */
function groupsOf(
  lanes: readonly Lane[],
  free: ReadonlyMap<string, number>,
  left: ReadonlySet<string>,
): { readonly lanes: Lane[]; readonly through: readonly string[] }[] {
  const groups = new Map<string, { readonly lanes: Lane[]; readonly through: readonly string[] }>()
  for (const lane of lanes) {
    const targets = targetsOf(lane)
    const through = targets.filter((target) => free.has(target))
    if (through.length === 0 || targets.some((target) => left.has(target))) continue
    const key = JSON.stringify(through)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { lanes: [lane], through })
    else group.lanes.push(lane)
  }
  return [...groups.values()]
}

/** A condition: that the kind or the queue of a row is one of these. */
function isOf(targets: readonly string[]): RawBuilder<unknown> {
  const names = (what: 'job' | 'queue'): readonly string[] =>
    targets.flatMap((target) => nameIn(target, what) ?? [])
  return sql`(name = any (${textList(names('job'))}) or queue = any (${textList(names('queue'))}))`
}
