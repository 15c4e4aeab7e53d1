import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type RawBuilder, sql } from 'kysely'
import { execute, expectDatabase } from '../database/execute.ts'
import { expectName } from '../job/expect.ts'

/**
 * Pauses a cron: once this has returned no worker fires it, until {@link resumeCron}. Restarts and deployments leave
 * it paused. Jobs that it has made stay.
 *
 * @returns whether it was there and not paused
 * @throws {TypeError} unless `name` can be the name of a cron
 * @throws {JobError | DbError} when the database fails
 * @example
 * await pauseCron(db, 'nightly-reminders')
 */
export async function pauseCron<DB>(
  db: Queryable<DB>,
  name: string,
  options: IoOptions = {},
): Promise<boolean> {
  const statement = sql`
    update yuzuru_job_crons set paused_at = now() where name = ${name} and paused_at is null`
  return await change(db, 'pauseCron', name, options, statement)
}

/**
 * Ends the pause of a cron. The times of the pause are not made up for, whatever its policy for missed ones. Workers
 * notice within 5 s.
 *
 * @returns whether it was there and paused
 * @throws {TypeError} unless `name` can be the name of a cron
 * @throws {JobError | DbError} when the database fails
 * @example
 * await resumeCron(db, 'nightly-reminders')
 */
export async function resumeCron<DB>(
  db: Queryable<DB>,
  name: string,
  options: IoOptions = {},
): Promise<boolean> {
  // Due at once, with no time to fire: so that a worker notes the next one.
  const statement = sql`
    update yuzuru_job_crons set paused_at = null, next_at = clock_timestamp(),
      done_until = greatest(done_until, clock_timestamp())
    where name = ${name} and paused_at is not null`
  return await change(db, 'resumeCron', name, options, statement)
}

/**
 * Forgets a cron that was removed from the code: it is no longer listed, and should it come back, it begins anew, where
 * otherwise its times since would count as missed. A worker that still has it fires it no more; the next one that
 * starts with it writes it down again.
 *
 * @returns whether it was there
 * @throws {TypeError} unless `name` can be the name of a cron
 * @throws {JobError | DbError} when the database fails
 * @example
 * await deleteCron(db, 'nightly-reminders')
 */
export async function deleteCron<DB>(
  db: Queryable<DB>,
  name: string,
  options: IoOptions = {},
): Promise<{ readonly deleted: boolean }> {
  const statement = sql`delete from yuzuru_job_crons where name = ${name}`
  return { deleted: await change(db, 'deleteCron', name, options, statement) }
}

async function change<DB>(
  db: Queryable<DB>,
  operation: string,
  name: string,
  options: IoOptions,
  statement: RawBuilder<unknown>,
): Promise<boolean> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, operation)
  expectName('name', name)
  const rows = await execute(
    db,
    { operation, effect: 'idempotent' },
    sql<{ name: string }>`${statement} returning name`,
    options,
  )
  return rows.length > 0
}
