import { io, type IoOptions } from '@yuzuru/concurrency'
import { expected, expectOptions, IO_OPTIONS, orAborted } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { expectDatabase } from '../database/execute.ts'
import { expectId } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import { endResult } from './end-result.ts'
import { endWatchOf } from './end-watch.ts'

/**
 * Waits until a job has ended, and gives its result. It ends with the scope around it, as every call does: give it
 * a limit (`timeoutMs`, `withTimeout`), as a job may wait in its queue for long. The job goes on all the same.
 *
 * All that wait on one database share a connection, on which the end of a job is notified (so it takes milliseconds),
 * and a look every 5 s for what was not heard. On a Kysely that is not `@yuzuru/db`'s, and behind a pooler through
 * which nothing is heard, it looks 20 times a second at first, and then once a second. Up to 100,000 may wait. A job
 * that has ended long ago is found too, until it is pruned.
 *
 * A handler that waits like that holds its place in the worker: use `step.run` there.
 *
 * @param job its kind
 * @returns what its handler returned, through the `result` schema of the job if it has one
 * @throws {TypeError} unless `id` is a UUID; when `db` is a transaction, of which no other sees the job; when the
 *   job with that id is of another kind
 * @throws {JobError} `'job_failed'` or `'job_cancelled'` when it ended like that; `'not_found'` when there is none
 *   with that id, or it was pruned; `'invalid_result'`; `'overloaded'`
 * @throws {Cancelled | TimeoutError} when the scope or the call is ended first
 * @throws {JobError | DbError} when the database fails for good
 * @example
 * const countStaff = defineJob({ name: 'count-staff', run: async () => ({ staff: 3 }) })
 * const { id } = await enqueue(db, countStaff, {})
 * const { staff } = await waitFor(db, countStaff, id, { timeoutMs: 10_000 })
 */
export async function waitFor<Result, DB>(
  db: Queryable<DB>,
  job: Job<unknown, unknown, Result>,
  id: string,
  options: IoOptions = {},
): Promise<Result> {
  expectDatabase(db)
  if ('isTransaction' in db && db.isTransaction) {
    throw new TypeError('Expected db to be a Kysely, got a Transaction: no worker sees its jobs')
  }
  if (typeof job?.run !== 'function') throw expected('job to be made by defineJob', job)
  expectOptions(options, IO_OPTIONS, 'waitFor')
  expectId(id)
  const call = { boundary: 'jobs', operation: 'waitFor', effect: 'read' } as const
  const ended = await io(call, options, async (signal) => {
    const waiting = endWatchOf(db).wait(id.toLowerCase())
    try {
      return await orAborted(waiting.ended, signal)
    } finally {
      waiting.leave()
    }
  })
  if (ended !== undefined && ended.name !== job.name) {
    throw new TypeError(`Expected job ${id} to be a "${job.name}", got a "${ended.name}"`)
  }
  return (await endResult({ operation: 'waitFor', job, id }, ended)) as Result
}
