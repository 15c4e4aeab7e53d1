import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'

/** To whom events are delivered. */
export interface Recipients {
  readonly ids: readonly string[]
  /** Only if that is their claim: their handler runs. `undefined`: the caller has their rows locked. */
  readonly claim?: number | undefined
}

/**
 * Gives the waits of jobs the events that have come: to each wait the oldest of its event and key that was sent
 * since the job was enqueued and that no other wait of the job has got. Of two waits for the same, the one that
 * began first gets the older one.
 *
 * @returns the jobs that have got something
 */
export async function deliver(
  db: QueryExecutorProvider,
  { ids, claim }: Recipients,
  options: IoOptions,
): Promise<string[]> {
  const rows = await execute(
    db,
    { operation: 'deliver', effect: 'idempotent' },
    sql<{ id: string }>`
      with wanted as materialized (
        select step.job_id, step.name, step.event, step.event_key, job.enqueued_at as since,
          row_number() over (
            partition by step.job_id, step.event, step.event_key order by step.finished_at, step.name
          ) as place
        from yuzuru_job_steps as step join yuzuru_jobs as job on job.id = step.job_id
        where step.job_id = any (${arrayLiteral(ids)}::uuid[])
          and step.event is not null and step.settled is null
          ${claim === undefined ? sql`` : sql`and job.claim = ${claim}::bigint`}
      ), arrived as materialized (
        select wanted.job_id, wanted.name, sent.id, sent.payload from wanted cross join lateral (
          select id, payload from yuzuru_job_events as event
          where event.event = wanted.event and event.key = wanted.event_key
            and event.sent_at >= wanted.since and not exists (
              select from yuzuru_job_steps as other
              where other.job_id = wanted.job_id and other.event_id = event.id
            )
          order by id offset wanted.place - 1 limit 1
        ) as sent
      ), delivered as (
        update yuzuru_job_steps as step
        set settled = true, event_id = arrived.id, result = arrived.payload
        from arrived
        where step.job_id = arrived.job_id and step.name = arrived.name and step.settled is null
        returning step.job_id
      )
      select distinct job_id::text as id from delivered`,
    options,
  )
  return rows.map(({ id }) => id)
}
