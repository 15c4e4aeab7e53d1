import { type RawBuilder, sql } from 'kysely'

/** A time as PostgreSQL has it, of milliseconds since 1970; `undefined` is `null`. */
export function timestampOf(ms: number | undefined): RawBuilder<unknown> {
  return sql`to_timestamp(${ms ?? null}::float8 / 1000)`
}

/** Selects a column's time in milliseconds since 1970. */
export function millisecondsOf(column: string): RawBuilder<number> {
  return sql.raw(`(extract(epoch from ${column}) * 1000)::float8`)
}
