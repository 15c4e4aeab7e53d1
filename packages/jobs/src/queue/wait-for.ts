import { io, type IoOptions, type Outcome } from '@yuzuru/concurrency'
import { expected, expectOptions, IO_OPTIONS, orAborted } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { expectDatabase } from '../database/execute.ts'
import { JobError } from '../job-error.ts'
import { expectId } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import type { KeptError } from '../job/kept-error.ts'
import { checked, PayloadRefusal } from '../job/payload-schema.ts'
import { endWatchOf } from './end-watch.ts'
import type { EndedJob } from './ended-jobs.ts'

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
  return (await resultOf(job, id, ended)) as Result
}

/** @throws {JobError} when it has no result */
async function resultOf(job: Job, id: string, ended: EndedJob | undefined): Promise<unknown> {
  if (ended === undefined) {
    throw failure(`There is no job ${id}, or no longer`, 'not_found', 'none')
  }
  if (ended.name !== job.name) {
    throw new TypeError(`Expected job ${id} to be a "${job.name}", got a "${ended.name}"`)
  }
  if (ended.state !== 'completed') throw endedAs(ended)
  const value: unknown = ended.result === undefined ? undefined : JSON.parse(ended.result)
  if (job.result === undefined) return value
  try {
    return await checked(job.result, value, 'result')
  } catch (error) {
    if (!(error instanceof PayloadRefusal)) throw error
    const message = `"${job.name}" does not accept the result of job ${id}: ${error.message}`
    throw failure(message, 'invalid_result', 'none', error.cause)
  }
}

/** The error for a job that has failed or was cancelled. What it did before that may stand. */
function endedAs({ id, name, state, error }: EndedJob): JobError {
  const cause = error === undefined ? undefined : (JSON.parse(error) as KeptError)
  const outcome = cause?.outcome === 'none' ? 'none' : 'unknown'
  if (state === 'cancelled') {
    return failure(`Job ${id} ("${name}") was cancelled`, 'job_cancelled', outcome, cause)
  }
  const reason = cause === undefined ? '' : `: ${cause.message}`
  return failure(`Job ${id} ("${name}") failed${reason}`, 'job_failed', outcome, cause)
}

type FailureCode = 'not_found' | 'job_failed' | 'job_cancelled' | 'invalid_result'

function failure(message: string, code: FailureCode, outcome: Outcome, cause?: unknown): JobError {
  const init = { operation: 'waitFor', code, retryable: false, outcome } as const
  return new JobError(message, cause === undefined ? init : { ...init, cause })
}
