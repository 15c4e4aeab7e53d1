import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { expectEvent, expectEventKey } from '../job/expect.ts'
import { serialise } from '../job/payload.ts'
import { announce } from './announce.ts'

/**
 * Sends an event to all jobs that wait for it, now or later, by `step.waitFor`. Given a transaction, it is sent if, and
 * only if, that commits.
 *
 * Each job that was enqueued before it was sent gets it, once, also if it begins to wait only later: what counts is
 * when this statement ran, by the database's clock. Each wait gets one event, the oldest that no other wait of the
 * same job has got. Events are kept until `prune` deletes them, which leaves those that an unfinished job may wait for.
 *
 * A call whose answer was lost (`outcome: 'unknown'`) may have sent it, and repeating it may send another.
 *
 * @param event what has happened, 1 to 200 characters, like `plan.signed`
 * @param key to what, 1 to 500 characters, like the plan's id
 * @param payload JSON of at most 1 MiB
 * @throws {TypeError} before any I/O, when an argument is out of its range or the payload is no JSON
 * @throws {JobError | DbError} when the database fails
 * @example
 * await transaction(db, async (tx) => {
 *   await plans.update(tx, planId, { status: 'approved' })
 *   await sendEvent(tx, 'plan.approved', planId, { by: 'hanako' })
 * })
 */
export async function sendEvent<DB>(
  db: Queryable<DB>,
  event: string,
  key: string,
  payload: unknown,
  options: IoOptions = {},
): Promise<void> {
  expectDatabase(db)
  expectEvent(event)
  expectEventKey(key)
  expectOptions(options, IO_OPTIONS, 'sendEvent')
  const text = serialise(payload)
  const { inStatement, made } = announce(db, SIGNALS)
  await execute(
    db,
    { operation: 'sendEvent', effect: 'write' },
    sql`
      with sent as (
        insert into yuzuru_job_events (event, key, payload) values (${event}, ${key}, ${text}::json)
        returning id
      )
      insert into yuzuru_job_signals (event_id) select id from sent
      returning event_id ${inStatement ? sql`, pg_notify(${CHANNEL}::text, ${SIGNALS}::text) as notified` : sql``}`,
    options,
  )
  made()
}
