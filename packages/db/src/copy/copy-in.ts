import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { type IoOptions } from '@yuzuru/concurrency'
import type { InsertType } from 'kysely'
import { Readable } from 'node:stream'
import { type ChunkSource, CopyIn } from '../wire/copy-in-exchange.ts'
import { copyHead } from './copy-head.ts'
import { withLease } from './copy-lease.ts'
import { type CopyFormat, formatText } from './copy-options.ts'
import type { CopyProgress, CopyResult } from './copy-progress.ts'
import { encodeRows, passBytes, type Source } from './copy-rows.ts'
import type { Queryable } from '../statements/queryable.ts'
import { statementText } from '../statements/sql-text.ts'

/** The table and the columns that rows are for. */
export interface CopyColumns<DB, T extends keyof DB & string, C extends CopyColumnList<DB, T>> {
  readonly table: T
  /** Those that each row has, in the order of the arrays. Others take their default. */
  readonly columns: C
}

type CopyColumnList<DB, T extends keyof DB & string> = readonly (keyof DB[T] & string)[]

/** A value of a column. `null` is NULL; for a default, leave the column out of all rows. */
type CopyValue<C> = Exclude<InsertType<C>, undefined>

/** A row: an array in the order of the columns, or an object with all of them. */
export type CopyRow<DB, T extends keyof DB & string, C extends CopyColumnList<DB, T>> =
  | { readonly [I in keyof C]: CopyValue<DB[T][C[I]]> }
  | { readonly [K in C[number]]: CopyValue<DB[T][K]> }

/** The table that bytes are for, and their format. */
export interface CopyBytes<DB, T extends keyof DB & string> extends CopyFormat {
  readonly table: T
  /** @default all of the table, in its order */
  readonly columns?: CopyColumnList<DB, T> | undefined
}

/** How a COPY runs. */
export interface CopyOptions extends IoOptions {
  /** Called after each chunk, of 64 KiB or so. One that throws ends the COPY. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

/**
 * Loads rows, or bytes in one of COPY's formats, into a table: one statement, so all of it or nothing
 * (https://www.postgresql.org/docs/current/sql-copy.html). The source is read only as fast as the server
 * takes the data, and no more than a chunk is held in memory.
 *
 * When the source throws, the server undoes the load, and the source's error is thrown. A cancel or deadline
 * undoes it as well. A stream of Node is destroyed unless it was read to its end. In a transaction nothing
 * else can run on it meanwhile (`copy_in_progress`).
 *
 * COPY has no `on conflict`: to merge, load into a temporary table and `insert … select` from there. Below
 * some thousand rows `repository.createMany` is as fast and returns the rows.
 *
 * @returns how many rows the server loaded
 * @throws {DbError} such as `data_exception` or `unique_violation` for a row that the server refused, with its
 *   `line`
 * @throws {Cancelled} when the scope around it is cancelled; nothing is loaded
 * @throws {TypeError} for a value that PostgreSQL does not have, naming the row and the column
 * @example
 * await copyIn(db, { table: 'plans', columns: ['id', 'due_on'] }, [['a', '2026-04-01'], ['b', null]])
 * await copyIn(db, { table: 'plans', format: 'csv', header: true }, createReadStream('plans.csv'))
 */
export async function copyIn<
  DB,
  T extends keyof DB & string,
  const C extends CopyColumnList<DB, T>,
>(
  db: Queryable<DB>,
  into: CopyColumns<DB, T, C>,
  source: Source<CopyRow<DB, T, C>>,
  options?: CopyOptions,
): Promise<CopyResult>
export async function copyIn<DB, T extends keyof DB & string>(
  db: Queryable<DB>,
  into: CopyBytes<DB, T>,
  source: Source<Uint8Array | string>,
  options?: CopyOptions,
): Promise<CopyResult>
export async function copyIn(
  db: Queryable<Record<string, unknown>>,
  into: CopyTarget,
  source: Source<unknown>,
  options: CopyOptions = {},
): Promise<CopyResult> {
  expectOptions(options, ['onProgress', 'signal', 'timeoutMs'], 'copyIn')
  const { table, columns, format } = expectTarget(into)
  expectSource(source)
  const { onProgress, ...limits } = options
  const head = copyHead(db, table, columns)
  const data: ChunkSource = {
    chunks: () => (format === undefined ? encodeRows(source, columns ?? []) : passBytes(source)),
    // One that waits for its socket would not notice a return().
    abandon: () => void (source instanceof Readable && source.destroy()),
  }
  let rows: number | undefined = format === undefined ? 0 : undefined
  let bytes = 0
  const exchange = new CopyIn(statementText(`${head} ${formatText(into)}`), data, (chunk) => {
    bytes += chunk.bytes.length
    if (rows !== undefined) rows += chunk.rows ?? 0
    onProgress?.({ rows, bytes })
  })
  try {
    const { rowCount } = await withLease(db, (_, copy) => copy(exchange, limits))
    return { rows: rowCount ?? 0, bytes }
  } catch (error) {
    // Also when not even the first chunk was asked for.
    data.abandon()
    throw exchange.sourceFailure === undefined ? error : exchange.sourceFailure.reason
  }
}

interface CopyTarget extends Partial<CopyFormat> {
  readonly table: string
  readonly columns?: readonly string[] | undefined
}

const TARGET = Object.keys({
  table: true,
  columns: true,
  format: true,
  header: true,
  delimiter: true,
  nullText: true,
} satisfies Record<keyof CopyBytes<Record<string, unknown>, string>, true>)

function expectTarget(into: CopyTarget): CopyTarget {
  if (typeof into !== 'object' || into === null || typeof into.table !== 'string') {
    throw expected('the table to copy into', into)
  }
  expectOptions(into, TARGET, 'copyIn')
  const { columns, format } = into
  if (format === undefined && columns === undefined) {
    throw new TypeError('Expected the columns of the rows, or the format of the bytes')
  }
  if (columns !== undefined && !(Array.isArray(columns) && columns.length > 0)) {
    throw expected('columns to be the names of columns', columns)
  }
  return into
}

function expectSource(source: unknown): void {
  const found =
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  if (!found) throw expected('a source to iterate', source)
}
