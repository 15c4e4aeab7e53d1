import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { lockedInOrder } from '../database/locked-in-order.ts'
import { JobError } from '../job-error.ts'
import { expectName } from '../job/expect.ts'
import type { Job } from '../job/job.ts'
import { expectLimits, type JobLimits } from '../job/limits.ts'

/**
 * Changes the limits of a kind while it runs, for all workers at once and through restarts and deployments, or goes back
 * to those that it was defined with. Jobs that were let go before are not held back any more; `{ concurrency: 0 }` lets
 * no more go. In a transaction it holds from its commit on.
 *
 * @param job the kind, or its name
 * @param limits all of them: what is left out is not limited. `undefined` for those that the kind was defined with
 * @throws {TypeError} when a limit is unknown or out of its range
 * @throws {JobError} `'not_found'` when no worker that has the kind with `limits` or a `tenant` has ever run
 * @throws {JobError | DbError} when the database fails
 * @example
 * await changeLimits(db, 'call-partner', { concurrency: 2 })
 */
export async function changeLimits<Input, DB>(
  db: Queryable<DB>,
  job: Job<Input, unknown> | string,
  limits: JobLimits | undefined,
  options: IoOptions = {},
): Promise<void> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'changeLimits')
  const name = typeof job === 'string' ? job : job?.name
  expectName('job', name)
  if (limits !== undefined) expectLimits(limits, 'changeLimits.limits')
  const changed = limits === undefined ? null : JSON.stringify(limits)
  await oneCall('jobs.changeLimits', options, () => change(db, name, changed))
}

async function change(
  db: QueryExecutorProvider,
  name: string,
  changed: string | null,
): Promise<void> {
  const found = await execute(
    db,
    { operation: 'changeLimits', effect: 'idempotent' },
    sql`
      update yuzuru_job_limits set changed = ${changed}::jsonb where name = ${name}
      returning name, pg_notify(${CHANNEL}::text, '') as notified`,
  )
  if (found.length > 0) return await lookAgain(db, name)
  throw new JobError(`No worker with a kind "${name}" that has limits has run`, {
    operation: 'changeLimits',
    code: 'not_found',
    retryable: false,
    outcome: 'none',
  })
}

/**
 * Has jobs that the rate of their key has put off held to the new limits. A statement of its own: while the first waited for a
 * worker that was letting jobs go, that may have put off some more.
 */
async function lookAgain(db: QueryExecutorProvider, name: string): Promise<void> {
  await execute(
    db,
    { operation: 'changeLimits', effect: 'idempotent' },
    sql`
      with back as (
        update yuzuru_jobs set stage = 4, put_off = null, run_at = now() where id = any (array(
          ${lockedInOrder(sql`id`, sql`yuzuru_jobs as job where put_off and name = ${name} and stage = 1`)}
        )) returning id
      )
      select pg_notify(${CHANNEL}::text, '')::text as notified from (select from back limit 1) as due`,
  )
}
