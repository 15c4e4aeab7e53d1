import type { IoOptions } from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { changeTarget, type PauseTarget } from './change-target.ts'

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
  return await changeTarget(db, 'pauseQueue', target, options, (paused) => {
    return sql`insert into yuzuru_job_pauses (target) values (${paused})
      on conflict (target) do update set paused_at = now() where yuzuru_job_pauses.paused_at is null
      returning target`
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
  return await changeTarget(db, 'resumeQueue', target, options, (paused) => {
    return sql`
      with gone as (
        delete from yuzuru_job_pauses where target = ${paused} and places is null returning target
      ), kept as (
        update yuzuru_job_pauses set paused_at = null
        where target = ${paused} and places is not null and paused_at is not null returning target
      )
      select target, pg_notify(${CHANNEL}::text, '')::text as notified
      from (select target from gone union all select target from kept) as resumed`
  })
}
