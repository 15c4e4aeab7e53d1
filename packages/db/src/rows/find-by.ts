import { DbError } from '../wire/db-error.ts'
import type { Queryable } from '../statements/queryable.ts'
import { loosely } from '../statements/table.ts'

/** Values of columns, all of which a row must have. */
export type Wanted = Readonly<Record<string, unknown>>

/** @throws {TypeError} when there is no column, or one without a value */
export function expectWanted(verb: string, wanted: Wanted): void {
  const columns = Object.entries(wanted)
  if (columns.length === 0) throw new TypeError(`Expected ${verb} to be given a column, got none`)
  for (const [column, value] of columns) {
    // NULL is never equal, and no unique constraint keeps it single.
    if (value !== undefined && value !== null) continue
    throw new TypeError(`Expected ${verb}'s ${column} to have a value, got ${String(value)}`)
  }
}

/**
 * The one row that has all these values.
 *
 * @throws {DbError} `multiple_rows` when there are several: nothing says which one was meant
 */
export async function findBy<DB>(
  db: Queryable<DB>,
  table: string,
  wanted: Wanted,
): Promise<Record<string, unknown> | undefined> {
  let query = loosely(db).selectFrom<string>(table).selectAll()
  for (const [column, value] of Object.entries(wanted)) query = query.where(column, '=', value)
  const [row, another] = await query.limit(2).execute()
  if (another === undefined) return row
  const columns = Object.keys(wanted)
  throw new DbError(`Several rows in ${table} have these values of ${columns.join(', ')}`, {
    operation: 'query',
    code: 'multiple_rows',
    outcome: 'none',
    table,
    columns,
  })
}
