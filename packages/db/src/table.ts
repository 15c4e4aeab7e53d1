import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { Queryable } from './queryable.ts'

/** A table of a schema, and which of its columns have a role. */
export interface Table<DB, T extends keyof DB & string> {
  readonly name: T
  /** The primary key. */
  readonly id: keyof DB[T] & string
  /** An integer that counts the updates, if rows have one. */
  readonly version: (keyof DB[T] & string) | undefined
  /** Never there: it only carries the schema for TypeScript. */
  readonly schema?: DB
}

export interface TableOptions<DB, T extends keyof DB & string> {
  /** The column of the primary key. @default 'id' */
  readonly id?: keyof DB[T] & string
  /** The integer column that counts the updates; with it an update of an outdated row is refused. */
  readonly version?: keyof DB[T] & string
}

export type Row<DB, T extends keyof DB> = Selectable<DB[T]>
export type NewRow<DB, T extends keyof DB> = Insertable<DB[T]>
export type RowChanges<DB, T extends keyof DB> = Updateable<DB[T]>
/** What the primary key of most tables is. */
export type Key = string | number | bigint

/**
 * Names a table of a Kysely schema. Called twice, because TypeScript can be given one type and find the
 * other only so.
 *
 * @example
 * const billings = repository(tableOf<Schema>()('billings', { version: 'version' }))
 */
export function tableOf<DB>(): <T extends keyof DB & string>(
  name: T,
  options?: TableOptions<DB, T>,
) => Table<DB, T> {
  return <T extends keyof DB & string>(name: T, options: TableOptions<DB, T> = {}) => ({
    name,
    id: options.id ?? ('id' as keyof DB[T] & string),
    version: options.version,
  })
}

/** Any table, any column: what generic code sees of a schema. */
export type AnySchema = Record<string, Record<string, unknown>>

/** The same database for generic code; Kysely can't follow columns that are only known to callers. */
export function loosely<DB>(db: Queryable<DB>): Kysely<AnySchema> {
  return db as unknown as Kysely<AnySchema>
}
