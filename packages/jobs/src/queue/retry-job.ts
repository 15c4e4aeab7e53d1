import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql } from 'kysely'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import { backIntoQueue, signalled } from '../database/history.ts'
import { isUniqueViolation } from '../database/database-error.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { JobError } from '../job-error.ts'
import { expectId } from '../job/expect.ts'

/**
 * Puts a failed or cancelled job back into the queue, due at once, with all its attempts. One of a flow
 * waits again for those before it that are unfinished.
 *
 * @returns whether it was failed or cancelled; `false` also when there is no such job
 * @throws {TypeError} unless `id` is a UUID
 * @throws {JobError} `'already_exists'` when an unfinished job has the same key
 * @example
 * for (const id of failedIds) await retryJob(db, id)
 */
export async function retryJob<DB>(
  db: Queryable<DB>,
  id: string,
  options: IoOptions = {},
): Promise<boolean> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'retryJob')
  expectId(id)
  try {
    return await revive(db, id, options)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new JobError(`Job ${id} has the key of another that is unfinished`, {
      operation: 'retryJob',
      code: 'already_exists',
      retryable: false,
      outcome: 'none',
      cause: error,
    })
  }
}

async function revive(db: QueryExecutorProvider, id: string, options: IoOptions): Promise<boolean> {
  const revived = await execute(
    db,
    { operation: 'retryJob', effect: 'idempotent' },
    sql<{ id: string }>`
      with old as (
        delete from yuzuru_job_history
        where id = ${id}::uuid and state in ('failed', 'cancelled') returning *
      ), revived as (
        ${backIntoQueue('old')} returning id, waits
      ), signals as (${signalled('revived')})
      select id::text as id, pg_notify(${CHANNEL}::text, case when waits then ${SIGNALS}::text else '' end) as notified
      from revived`,
    options,
  )
  return revived.length > 0
}
