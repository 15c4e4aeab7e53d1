import { type RawBuilder, sql } from 'kysely'
import { CHANNEL } from '../database/channel.ts'
import type { EnqueuePlan } from './enqueue-options.ts'

/** A job that is in the queue. */
export interface JobHandle {
  readonly id: string
  readonly name: string
  /** Whether this call made it; `false` for an unfinished one with the same key. */
  readonly created: boolean
}

/** A job that is about to be written. */
export interface NewRow {
  readonly id: string
  /** JSON. */
  readonly payload: string
  readonly key: string | undefined
  readonly group: string | undefined
  /** Where its kind has limits. */
  readonly tenant: string | undefined
  readonly tags: readonly string[]
}

/** With what is the same for all rows of a statement. */
export interface InsertPlan extends EnqueuePlan {
  /** What is kept of where they come from, as JSON. */
  readonly origin: string | undefined
}

/** PostgreSQL sends one for all the rows of a transaction. */
export const NOTIFY: RawBuilder<unknown> = sql`, case when stage <> 1 then pg_notify(${CHANNEL}::text, '') end as notified`

/**
 * Writes down the tags of the rows that `statement` gives the ids of, in that statement; it stays as it is where there
 * are none.
 *
 * @param whichever whether the tags are those of whatever row the statement gives
 */
export function withTags(
  statement: RawBuilder<{ id: string }>,
  rows: readonly NewRow[],
  whichever = false,
): RawBuilder<{ id: string }> {
  const tags = rows.flatMap((row) =>
    row.tags.map((tag) => ({ id: whichever ? null : row.id, tag })),
  )
  if (tags.length === 0) return statement
  return sql<{ id: string }>`
    with made as (${statement}), tagged as (
      insert into yuzuru_job_tags (job_id, tag)
      select made.id::uuid, input.tag from made
        join jsonb_to_recordset(${JSON.stringify(tags)}::jsonb) as input (id uuid, tag text)
          on coalesce(input.id, made.id::uuid) = made.id::uuid
      on conflict do nothing
    )
    select id from made`
}
