import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { expectDatabase } from '../database/execute.ts'
import { nameIn } from '../database/not-paused.ts'
import type { JobState } from '../job/job-state.ts'
import { type Counted, countLanes, type LaneJobs, MOST_COUNTED, MOST_LANES } from './lane-counts.ts'
import { plannedRows } from './planned-rows.ts'

/** How the unfinished jobs of one kind stand in one queue. */
export interface LaneStats {
  readonly queue: string
  /** The kind. */
  readonly name: string
  /** How many wait for a worker. */
  readonly due: number
  /** How many are for later: delayed, or between two attempts. */
  readonly later: number
  /** How many wait for others: for those before them in their group, for one of their key, or for a limit. */
  readonly held: number
  readonly running: number
  /** For how long the oldest that is due has been due, in milliseconds; 0 when none is. */
  readonly oldestDueMs: number
  /** Whether there are too many to count, so that `due`, `later` or `held` is an estimate. */
  readonly isEstimate: boolean
}

/** A kind or a queue that `pauseQueue` has paused. */
export interface Pause {
  /** The kind, where it is one. */
  readonly job: string | undefined
  /** The queue, where it is one. */
  readonly queue: string | undefined
  readonly pausedAt: Date
}

/** A kind or a queue that `scaleQueue` has given a number. */
export interface Scale {
  /** The kind, where it is one. */
  readonly job: string | undefined
  /** The queue, where it is one. */
  readonly queue: string | undefined
  /** How many of its jobs run at once, on all machines. */
  readonly concurrency: number
}

/** How the queue stands. */
export interface JobStats extends Readonly<Record<JobState, number>> {
  /** How long the longest-waiting job that is due has been due, in milliseconds; 0 when none is. */
  readonly oldestWaitingMs: number
  /** The states of which there are too many to count, so that their numbers are estimates. */
  readonly estimated: readonly JobState[]
  /** By queue and kind, those that have unfinished jobs: up to 200. */
  readonly lanes: readonly LaneStats[]
  /** The kinds and the queues that are paused, the kinds first. Jobs of these count as `due` while they wait. */
  readonly paused: readonly Pause[]
  /** The kinds and the queues that `scaleQueue` has given a number, the kinds first. */
  readonly scaled: readonly Scale[]
}

/**
 * Counts the jobs by state, and the unfinished ones by queue and kind, without reading whole tables: of each it counts
 * up to ten thousand, and beyond that gives what PostgreSQL's statistics of the tables say (`estimated`, `isEstimate`). For a page
 * or a gauge, not for every request.
 *
 * Up to its bounds all is counted at one moment. Deleted rows that an old snapshot keeps cost it time.
 *
 * @throws {JobError | DbError} when the database fails
 * @example
 * const { waiting, oldestWaitingMs, lanes } = await jobStats(db)
 */
export async function jobStats<DB>(db: Queryable<DB>, options: IoOptions = {}): Promise<JobStats> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'jobStats')
  const counted = await countLanes(db, options)
  const estimated = new Set<JobState>()
  const lanes = await lanesOf(db, counted, options)
  const sum = (key: 'due' | 'later' | 'held' | 'running'): number =>
    lanes.reduce((total, lane) => total + lane[key], 0)
  const running = sum('running')
  let waiting = sum('due') + sum('later') + sum('held')
  if (lanes.some(({ isEstimate }) => isEstimate)) estimated.add('waiting')
  if (counted.lanes.length > MOST_LANES) {
    estimated.add('waiting').add('running')
    const all = await plannedRows(db, sql`select from yuzuru_jobs`, options)
    waiting = Math.max(waiting, all - running)
  }
  const ended = async (state: 'failed' | 'cancelled'): Promise<number> => {
    const count = counted[state]
    if (count <= MOST_COUNTED) return count
    estimated.add(state)
    const all = sql`select from yuzuru_job_history where state = ${sql.lit(state)}`
    return Math.max(count, await plannedRows(db, all, options))
  }
  const failed = await ended('failed')
  const cancelled = await ended('cancelled')
  let all = counted.ended
  if (all > 3 * MOST_COUNTED) {
    estimated.add('completed')
    all = Math.max(all, await plannedRows(db, sql`select from yuzuru_job_history`, options))
  }
  return {
    waiting,
    running,
    completed: Math.max(0, all - failed - cancelled),
    failed,
    cancelled,
    oldestWaitingMs: Math.max(0, ...lanes.map(({ oldestDueMs }) => oldestDueMs)),
    estimated: [...estimated],
    lanes: lanes.slice(0, MOST_LANES),
    paused: counted.paused.map(({ target, at }) => ({
      job: nameIn(target, 'job'),
      queue: nameIn(target, 'queue'),
      pausedAt: new Date(at),
    })),
    scaled: counted.scaled.map(({ target, places }) => ({
      job: nameIn(target, 'job'),
      queue: nameIn(target, 'queue'),
      concurrency: places,
    })),
  }
}

type Lane = { -readonly [Key in keyof LaneStats]: LaneStats[Key] }

async function lanesOf(
  db: QueryExecutorProvider,
  { lanes, later, behind, limited, most }: Counted,
  options: IoOptions,
): Promise<readonly LaneStats[]> {
  const found = new Map<string, Lane>()
  for (const { queue, name, due, running, oldest } of lanes) {
    const oldestDueMs = Math.max(0, oldest ?? 0)
    const isEstimate = due + running > most
    const lane = { queue, name, due, later: 0, held: 0, running, oldestDueMs, isEstimate }
    found.set(`${queue}\0${name}`, lane)
    if (!isEstimate) continue
    const select = sql`select from yuzuru_jobs where stage = 0 and queue = ${queue} and name = ${name}`
    lane.due = Math.max(due, (await plannedRows(db, select, options)) - running)
  }
  // Those for later, and those that wait for others, stand in no lane.
  await addFirst(db, found, { as: 'later', stage: 1, first: later }, options)
  await addFirst(db, found, { as: 'held', stage: 3, first: behind }, options)
  await addFirst(db, found, { as: 'held', stage: 4, first: limited }, options)
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, lane]) => lane)
}

interface FirstJobs {
  readonly as: 'later' | 'held'
  readonly stage: number
  readonly first: readonly LaneJobs[]
}

/** Counts those of a stage. Where there are too many, the first of them stand for the rest, lane by lane. */
async function addFirst(
  db: QueryExecutorProvider,
  found: Map<string, Lane>,
  { as, stage, first }: FirstJobs,
  options: IoOptions,
): Promise<void> {
  const counted = first.reduce((total, { jobs }) => total + jobs, 0)
  const isEstimate = counted > MOST_COUNTED
  const all = isEstimate
    ? await plannedRows(db, sql`select from yuzuru_jobs where stage = ${sql.lit(stage)}`, options)
    : counted
  for (const { queue, name, jobs } of first) {
    const key = `${queue}\0${name}`
    const none = { queue, name, due: 0, running: 0, oldestDueMs: 0, isEstimate: false }
    const lane = found.get(key) ?? { ...none, later: 0, held: 0 }
    lane[as] += isEstimate ? Math.round((jobs / counted) * Math.max(all, counted)) : jobs
    lane.isEstimate ||= isEstimate
    found.set(key, lane)
  }
}
