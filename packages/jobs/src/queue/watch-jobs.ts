import { channel } from 'node:diagnostics_channel'
import { cancelScope, type IoOptions, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import {
  expectMilliseconds,
  expectOptions,
  inBackground,
  type LaneEvent,
} from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { expectDatabase } from '../database/execute.ts'
import { jobStats, type LaneStats } from './job-stats.ts'

/** Options of {@link watchJobs}; `timeoutMs` is that of each look. */
export interface WatchJobsOptions extends IoOptions {
  /** How often, in milliseconds from 1,000 up to a day. @default 15_000 */
  readonly everyMs?: number | undefined
}

const WATCH_OPTIONS = Object.keys({
  everyMs: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof WatchJobsOptions, true>)

const CHANNEL = channel('yuzuru:job-stats')

/**
 * Looks again and again how the queue stands, until the scope around it ends, and publishes the depth and the lag of each
 * kind in each queue on the diagnostics channel `yuzuru:job-stats`: `otel()` of `@yuzuru/concurrency/otel` makes of it the
 * gauges `yuzuru.jobs.depth` and `yuzuru.jobs.lag`. One process does this for all. While nobody listens it does not ask the
 * database. A look that fails is left out: the gauges keep what they had.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @throws {Cancelled} when the scope around it ends
 * @example
 * await taskGroup(async (group) => {
 *   group.spawn(() => watchJobs(db))
 *   await createWorker(db, { jobs: [remindStaff] }).run()
 * })
 */
export async function watchJobs<DB>(
  db: Queryable<DB>,
  options: WatchJobsOptions = {},
): Promise<never> {
  expectDatabase(db)
  expectOptions(options, WATCH_OPTIONS, 'watchJobs')
  const { everyMs = 15_000, signal, timeoutMs = everyMs } = options
  expectMilliseconds('everyMs', everyMs, 1_000, 86_400_000)
  return await cancelScope(() => watch(db, everyMs, timeoutMs), { name: 'watchJobs', signal })
}

async function watch<DB>(db: Queryable<DB>, everyMs: number, timeoutMs: number): Promise<never> {
  let known: readonly LaneEvent[] = []
  for (;;) {
    if (CHANNEL.hasSubscribers) {
      try {
        const { lanes } = await inBackground(() => jobStats(db, { timeoutMs }))
        known = published(lanes, known)
      } catch {
        throwIfCancelled()
      }
    }
    await sleep(everyMs)
  }
}

/** A lane that has emptied is said to be empty, once: a gauge keeps its last value. */
function published(lanes: readonly LaneStats[], known: readonly LaneEvent[]): readonly LaneEvent[] {
  const isSame = (a: LaneEvent, b: LaneEvent): boolean => a.queue === b.queue && a.name === b.name
  for (const lane of known) {
    if (lanes.some((each) => isSame(each, lane))) continue
    CHANNEL.publish({ ...lane, due: 0, later: 0, running: 0, oldestDueMs: 0 } satisfies LaneEvent)
  }
  const found = lanes.map(({ queue, name, due, later, running, oldestDueMs }): LaneEvent => {
    return { queue, name, due, later, running, oldestDueMs }
  })
  for (const lane of found) CHANNEL.publish(lane)
  return found
}
