import { type RawBuilder, sql } from 'kysely'

/** How many errors are kept with a job: the last ones. That is all of them for any job that is not tried for ever. */
const MOST_ERRORS = 100

/**
 * The errors that are kept with a job, with one more.
 *
 * @param job the row, as the statement names it
 * @param error as JSON; null for none
 */
export function errorsWith(job: string, error: RawBuilder<unknown>): RawBuilder<unknown> {
  const errors = sql.ref(`${job}.errors`)
  return sql`case when ${error} is null then ${errors} else
    case when jsonb_array_length(${errors}) >= ${sql.lit(MOST_ERRORS)} then ${errors} - 0
      else coalesce(${errors}, '[]') end
    || jsonb_build_array(${error}::jsonb
      || jsonb_build_object('attempt', ${sql.ref(`${job}.attempt`)}, 'at', now())) end`
}
