import { type IoOptions, throwIfCancelled } from '@yuzuru/concurrency'
import type { Kysely } from 'kysely'
import { committed } from '../database/committed.ts'
import { announcerOf } from '../queue/announcer.ts'
import type { Job } from '../job/job.ts'
import { enqueueFrom } from '../queue/enqueue.ts'
import { lockDue, noteDone } from './cron-rows.ts'
import type { Cron } from './define-cron.ts'
import { dueTimes } from './due-times.ts'
import { Schedule } from './schedule.ts'

/** What came of a cron that was due. */
export interface Fired {
  readonly cron: string
  readonly firings: readonly Firing[]
  /** The last of its missed times for which no job was made. */
  readonly skipped: Date | undefined
}

/** A time of a cron, and its job. */
export interface Firing {
  readonly at: Date
  readonly jobId: string
  /** `false` where an unfinished job with the same key stands for it. */
  readonly created: boolean
}

/** How one of some crons is chosen, and what is said of it. */
export interface Turn {
  /** Those that come after all others. */
  readonly after: ReadonlySet<string>
  /** Called with its name when it throws. */
  readonly failed: (name: string) => void
}

/**
 * Fires one of some crons that is due: it enqueues a job for each time and moves the cron on, in one transaction
 * that holds the cron's row. The schedule and the policy are those that are written down, as another worker may have
 * newer ones; the job and its payload are this worker's.
 *
 * @returns `undefined` when none is due, or other workers have those that are
 */
export async function fireOne(
  db: Kysely<unknown>,
  crons: ReadonlyMap<string, Cron>,
  options: IoOptions,
  { after, failed }: Turn,
): Promise<Fired | undefined> {
  const fired = await committed(db, async (tx): Promise<Fired | undefined> => {
    throwIfCancelled()
    const row = await lockDue(tx, [...crons.keys()], [...after], options)
    const cron = row === undefined ? undefined : crons.get(row.name)
    if (row === undefined || cron === undefined) return undefined
    const { name } = row
    try {
      const schedule = new Schedule(row.schedule, row.timeZone)
      const { times, doneUntil, skipped } = dueTimes(schedule, row)
      const firings: Firing[] = []
      for (const at of times) {
        throwIfCancelled()
        const { id, created } = await enqueueFrom(
          { name, at },
          tx,
          cron.job,
          cron.payloadAt(new Date(at)),
          // A debounce counts from now, a cron from its time.
          { runAt: at, ...(isDebounced(cron.job) ? REPLACE : {}), ...options },
        )
        firings.push({ at, jobId: id, created })
      }
      const next = schedule.next(new Date(Math.max(doneUntil.getTime(), row.doneUntil)))
      throwIfCancelled()
      await noteDone(tx, name, { until: doneUntil, next, last: firings.at(-1) }, options)
      return { cron: name, firings, skipped }
    } catch (error) {
      failed(name)
      throw error
    }
  })
  // The transaction is Kysely's own: what it enqueued may not have been announced.
  if (fired !== undefined && fired.firings.length > 0) announcerOf(db).soon(db)
  return fired
}

const REPLACE = { onConflict: 'replace' } as const

function isDebounced({ onConflict }: Job): boolean {
  return onConflict === 'debounce'
}
