import { DbError } from '../wire/db-error.ts'
import type { Queryable } from '../statements/queryable.ts'
import { loosely } from '../statements/table.ts'
import { conflictIn } from '../transactions/conflict.ts'
import { enclosingTransaction } from '../transactions/transaction-state.ts'
import { transaction } from '../transactions/transaction.ts'
import { findBy } from './find-by.ts'
import { isUniqueViolation } from './unique-violation.ts'

/** How often a row may vanish between the insert that met it and the look at it. */
const ROUNDS = 10

type Values = Readonly<Record<string, unknown>>

/** What {@link Repository.getOrCreate} gives. */
export interface GotOrCreated<Found> {
  readonly row: Found
  /** Whether this call made it. */
  readonly created: boolean
}

/**
 * Looks first, as the row is there nearly always: an insert that meets it would use up a number of its
 * sequence each time. Then inserts, unless another caller was faster, whose row is read.
 *
 * @throws {DbError} `conflict` when others create and delete the row all the time, or the table keeps other
 *   values than those that were given
 */
export async function getOrCreate<DB>(
  db: Queryable<DB>,
  table: string,
  values: Values,
  columns: readonly string[],
): Promise<GotOrCreated<Values>> {
  const wanted = Object.fromEntries(columns.map((column) => [column, values[column]]))
  let wasRefused = false
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await findBy(db, table, wanted)
    if (found !== undefined) return { row: found, created: false }
    const made = await insertUnlessMet(db, table, values, columns)
    if (made instanceof Error) {
      // Refused twice, and no such row in between: it is another row that has these values.
      if (wasRefused) throw made
      wasRefused = true
    } else if (made !== undefined) {
      return { row: made, created: true }
    }
  }
  throw new DbError(
    `The row in ${table} was met ${ROUNDS} times and never found: it comes and goes, or is kept with other values`,
    {
      operation: 'query',
      code: 'conflict',
      outcome: 'none',
      retryable: true,
      table,
      columns,
    },
  )
}

/** @returns the new row; `undefined` where another one was met, or was about to be there; a unique violation */
async function insertUnlessMet<DB>(
  db: Queryable<DB>,
  table: string,
  values: Values,
  columns: readonly string[],
): Promise<Values | DbError | undefined> {
  const insert = (on: Queryable<DB>): Promise<Values | undefined> =>
    loosely(on)
      .insertInto(table)
      .values(values)
      .onConflict((conflict) => conflict.columns([...columns]).doNothing())
      .returningAll()
      .executeTakeFirst()
  const within = enclosingTransaction(db) !== undefined
  try {
    // A savepoint, since a statement that is refused ends a transaction.
    return within ? await transaction(db, insert) : await insert(db)
  } catch (error) {
    if (isUniqueViolation(error)) return error
    // Where the database's default isolation refuses to wait for another's row, the statement was undone
    // whole, and can be looked for again. In a transaction it is the transaction that has to be repeated.
    if (!within && conflictIn(error) !== undefined) return undefined
    throw error
  }
}
