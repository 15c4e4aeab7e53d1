import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
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
 * Asks for the end of a job.
 *
 * @throws {TypeError} unless `id` is a UUID
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
  const [changed] = await execute(
    db,
    { operation: 'cancelJob', effect: 'idempotent' },
    sql<{ state: string }>`
      update yuzuru_jobs set cancel_requested = true,
        state = case when state = 'waiting' then 'cancelled' else state end,
        finished_at = case when state = 'waiting' then now() end
      where id = ${id}::uuid and state in ('waiting', 'running')
      returning state`,
    options,
  )
  if (changed !== undefined) return changed.state === 'cancelled' ? 'cancelled' : 'requested'
  const found = await execute(
    db,
    { operation: 'cancelJob', effect: 'read' },
    sql<{ state: string }>`select state from yuzuru_jobs where id = ${id}::uuid`,
    options,
  )
  return found.length === 0 ? 'missing' : 'finished'
}
