import type { Queryable } from '@yuzuru/db'
import type { Job } from '../job/job.ts'
import { createWorker } from '../worker/worker.ts'

/** What {@link drainJobs} saw. */
export interface Drained {
  readonly completed: number
  /** Attempts that failed and are followed by another. */
  readonly retrying: number
  readonly failed: number
  /** What the attempts failed with, in the order in which they came. */
  readonly errors: readonly unknown[]
}

/**
 * For tests: runs everything that is due, and what that enqueues in turn, until nothing is. Jobs for
 * later are left, also attempts that wait for their backoff.
 *
 * @example
 * await approve(db, planId)
 * expect(await drainJobs(db, [remindStaff])).toMatchObject({ completed: 200 })
 */
export async function drainJobs<DB>(db: Queryable<DB>, jobs: readonly Job[]): Promise<Drained> {
  const counts = { completed: 0, retrying: 0, failed: 0 }
  const errors: unknown[] = []
  const worker = createWorker(db, {
    jobs,
    onEvent(event) {
      if (event.type === 'completed') counts.completed += 1
      if (event.type !== 'retrying' && event.type !== 'failed') return
      counts[event.type] += 1
      errors.push(event.error)
    },
  })
  await worker.runUntilIdle()
  return { ...counts, errors }
}
