import { type RawBuilder, sql } from 'kysely'

/**
 * A moment as a text that PostgreSQL reads as the same one, to the microsecond: ISO 8601 with its offset. What `::text`
 * makes of one depends on the session's `DateStyle`, and may name a zone by letters that another server takes for
 * another zone.
 */
export const momentText = (moment: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`(to_json(${moment}) #>> '{}')`
