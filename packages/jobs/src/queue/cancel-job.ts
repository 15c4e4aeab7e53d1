import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { intoHistory } from '../database/history.ts'
import { JobError } from '../job-error.ts'
import { expectId } from '../job/expect.ts'

/**
 * What came of {@link cancelJob}.
 *
 * - `'cancelled'`: it was waiting and will not run.
 * - `'requested'`: it is running; its handler is cancelled at the worker's next heartbeat. It may still
 *   complete before.
 * - `'finished'`: it had come to its end before.
 * - `'missing'`: there is none with that id (any more).
 */
export type CancelResult = 'cancelled' | 'requested' | 'finished' | 'missing'

/**
 * Cancels a job: a waiting one at once, a running one at its worker's next heartbeat.
 *
 * In a transaction it is cancelled when that commits. Until then the end of a running job can't be written down, nor that of
 * others which end with it: let it be a short one.
 *
 * @throws {TypeError} unless `id` is a UUID
 * @throws {JobError} `'conflict'` when the job changed hands too often meanwhile; try again
 * @example
 * if ((await cancelJob(db, handle.id)) === 'requested') log('it is running, and about to stop')
 */
export async function cancelJob<DB>(
  db: Queryable<DB>,
  id: string,
  options: IoOptions = {},
): Promise<CancelResult> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'cancelJob')
  expectId(id)
  return await oneCall('jobs.cancelJob', options, () => cancel(db, id, {}))
}

async function cancel(
  db: QueryExecutorProvider,
  id: string,
  options: IoOptions,
): Promise<CancelResult> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = (await endWaiting(db, id, options)) ?? (await askRunning(db, id, options))
    if (result !== undefined) return result
    const found = await execute(
      db,
      { operation: 'cancelJob', effect: 'read' },
      sql<{ finished: boolean }>`
        select true as finished from yuzuru_job_history where id = ${id}::uuid
        union all select false from yuzuru_jobs where id = ${id}::uuid`,
      options,
    )
    if (found.length === 0) return 'missing'
    if (found[0]?.finished === true) return 'finished'
  }
  throw changingHands(id)
}

/** How often a job may go back and forth between waiting and running while it is asked about. */
const ROUNDS = 10

async function endWaiting(
  db: QueryExecutorProvider,
  id: string,
  options: IoOptions,
): Promise<'cancelled' | undefined> {
  const ended = await execute(
    db,
    { operation: 'cancelJob', effect: 'idempotent' },
    sql<{ id: string }>`
      with gone as (
        delete from yuzuru_jobs where id = ${id}::uuid and worker is null returning *
      ), history as (
        ${intoHistory('gone', sql`'cancelled'`)} returning id, group_key
      )
      -- The next one of its group may go.
      select id::text as id, case when group_key is not null then pg_notify(${CHANNEL}::text, '') end as notified
      from history`,
    options,
  )
  return ended.length > 0 ? 'cancelled' : undefined
}

/** Notes it with the job, where its worker looks for it. Not with the worker: that would hold up its heartbeat. */
async function askRunning(
  db: QueryExecutorProvider,
  id: string,
  options: IoOptions,
): Promise<'requested' | undefined> {
  const asked = await execute(
    db,
    { operation: 'cancelJob', effect: 'idempotent' },
    sql<{ id: string }>`
      update yuzuru_jobs set cancel_requested = true
      where id = ${id}::uuid and worker is not null returning id::text as id`,
    options,
  )
  return asked.length > 0 ? 'requested' : undefined
}

function changingHands(id: string): JobError {
  return new JobError(`Job ${id} changed hands ${ROUNDS} times in a row; try again`, {
    operation: 'cancelJob',
    code: 'conflict',
    retryable: true,
    outcome: 'none',
  })
}
