import type { IoOptions } from '@yuzuru/concurrency'
import { expected, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type RawBuilder, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { pauseOf } from '../database/not-paused.ts'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'

/** What {@link pauseQueue} pauses: all jobs of one kind, or all in one queue. */
export type PauseTarget<Input = never> =
  | {
      /** The kind, or its name. */
      readonly job: Job<Input, unknown> | string
      readonly queue?: undefined
    }
  | {
      /** The name of the queue. */
      readonly queue: string
      readonly job?: undefined
    }

const TARGET_OPTIONS = ['job', 'queue']

/**
 * Pauses a kind or a queue on all machines: a worker that looks for jobs after this has returned takes none of it, until
 * {@link resumeQueue}. What workers have taken before goes on: the jobs that run, and those that wait in a worker for a
 * place, which is at most a tenth of a second's work. Restarts and deployments leave it paused. Jobs are enqueued as
 * before, crons fire, and what is for later becomes due; all of that waits. It need not exist yet. In a transaction the
 * pause holds from its commit on.
 *
 * In contrast to `changeLimits(db, job, { concurrency: 0 })` it takes any kind, and leaves limits as they are.
 *
 * @param target `{ job }`, a kind or its name; or `{ queue }`. A job runs only while neither its kind nor its queue is paused
 * @returns whether it was not paused before
 * @throws {TypeError} unless `target` has either a `job` or a `queue`
 * @throws {JobError | DbError} when the database fails
 * @example
 * await pauseQueue(db, { queue: 'mail' })
 */
export async function pauseQueue<Input, DB>(
  db: Queryable<DB>,
  target: PauseTarget<Input>,
  options: IoOptions = {},
): Promise<boolean> {
  return await change(db, 'pauseQueue', target, options, (paused) => {
    return sql`insert into yuzuru_job_pauses (target) values (${paused})
      on conflict do nothing returning target`
  })
}

/**
 * Ends the pause of a kind or a queue. Workers that listen take its jobs at once, others at their next look; in the
 * order that they would have had. Limits hold, also those of a rate.
 *
 * @param target as it was paused: a pause of the queue does not end with that of a kind
 * @returns whether it was paused
 * @throws {TypeError} unless `target` has either a `job` or a `queue`
 * @throws {JobError | DbError} when the database fails
 * @example
 * await resumeQueue(db, { queue: 'mail' })
 */
export async function resumeQueue<Input, DB>(
  db: Queryable<DB>,
  target: PauseTarget<Input>,
  options: IoOptions = {},
): Promise<boolean> {
  return await change(db, 'resumeQueue', target, options, (paused) => {
    return sql`delete from yuzuru_job_pauses where target = ${paused}
      returning target, pg_notify(${CHANNEL}::text, '') as notified`
  })
}

async function change<Input, DB>(
  db: Queryable<DB>,
  operation: string,
  target: PauseTarget<Input>,
  options: IoOptions,
  statement: (paused: string) => RawBuilder<unknown>,
): Promise<boolean> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, operation)
  if (typeof target !== 'object' || target === null) {
    throw expected(`the target of ${operation} to be { job } or { queue }`, target)
  }
  expectOptions(target, TARGET_OPTIONS, `${operation}.target`)
  const { job, queue } = target
  if ((job === undefined) === (queue === undefined)) {
    throw new TypeError(
      `Expected the target of ${operation} to have either a job or a queue, got ${job === undefined ? 'neither' : 'both'}`,
    )
  }
  const what = job === undefined ? 'queue' : 'job'
  const name = typeof job === 'object' && job !== null ? job.name : (job ?? queue)
  expectName(what, name)
  const found = await execute(
    db,
    { operation, effect: 'idempotent' },
    statement(pauseOf(what, name)),
    options,
  )
  return found.length > 0
}
