import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { Insertable, Kysely, Selectable, SelectType, Updateable } from 'kysely'
import type { Queryable } from './queryable.ts'

/** The name of a column. */
export type Column<DB, T extends keyof DB> = keyof DB[T] & string

/** A table of a schema, and which of its columns have a role. */
export interface Table<
  DB,
  T extends keyof DB & string,
  I extends Column<DB, T> = Column<DB, T>,
  V extends Column<DB, T> | undefined = Column<DB, T> | undefined,
> {
  readonly name: T
  /** The primary key. */
  readonly id: I
  /** An integer that counts the updates, if rows have one. */
  readonly version: V
  /** Never there: it only carries the schema for TypeScript. */
  readonly schema?: DB | undefined
}

/** Options of {@link tableOf}. */
export interface TableOptions<
  I extends string | undefined = string | undefined,
  V extends string | undefined = string | undefined,
> {
  /** The column of the primary key. @default 'id', where the table has a column of that name */
  readonly id?: I | undefined
  /** The integer column that counts the updates; with it an update of an outdated row is refused. */
  readonly version?: V | undefined
}

/** The tables that have a column `id`. */
type WithId<DB> = {
  [T in keyof DB & string]: 'id' extends keyof DB[T] ? T : never
}[keyof DB & string]

/** Names a table; the options may leave out the primary key only where the default is a column. */
export interface NameTable<DB> {
  <T extends WithId<DB>, V extends Column<DB, T> | undefined = undefined>(
    name: T,
    options?: TableOptions<undefined, V>,
  ): Table<DB, T, 'id' & Column<DB, T>, V>
  <
    T extends keyof DB & string,
    I extends Column<DB, T>,
    V extends Column<DB, T> | undefined = undefined,
  >(
    name: T,
    options: TableOptions<I, V> & { readonly id: I },
  ): Table<DB, T, I, V>
}

/** A row as a query gives it. */
export type Row<DB, T extends keyof DB> = Selectable<DB[T]>
/** A row to insert. */
export type NewRow<DB, T extends keyof DB> = Insertable<DB[T]>
/** The columns to change, and their values. */
export type RowChanges<DB, T extends keyof DB> = Updateable<DB[T]>
/** What names a row: a value of its primary key. */
export type Key<DB, T extends keyof DB, I extends Column<DB, T>> = SelectType<DB[T][I]>

/**
 * Names a table of a Kysely schema. Called twice, because TypeScript can be given one type and find the
 * other only so.
 *
 * @example
 * const billings = repository(tableOf<Schema>()('billings', { version: 'version' }))
 */
export function tableOf<DB>(): NameTable<DB> {
  const nameTable = (name: string, options: TableOptions = {}) => {
    expectOptions(options, ['id', 'version'], 'tableOf')
    const { id = 'id', version } = options
    return { name, id, version }
  }
  return nameTable as NameTable<DB>
}

/** Any table, any column: what generic code sees of a schema. */
export type AnySchema = Record<string, Record<string, unknown>>

/** The same database for generic code; Kysely can't follow columns that are only known to callers. */
export function loosely<DB>(db: Queryable<DB>): Kysely<AnySchema> {
  return db as unknown as Kysely<AnySchema>
}
