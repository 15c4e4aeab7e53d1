import { expectOptions } from '@yuzuru/concurrency/boundary'
import { expectQuery } from './expect-query.ts'
import { rowCount } from '../statements/sql-text.ts'

/** What can be streamed: a query of Kysely that gives rows. */
export interface Streamable<O> {
  stream(chunkSize?: number): AsyncIterableIterator<O>
}

/** Options of {@link stream}. */
export interface StreamOptions {
  /** How many rows are fetched at once and held in memory, from 1 up. @default 100 */
  readonly batchSize?: number | undefined
}

/**
 * Iterates over the rows of a query, read through a cursor of the server a batch at a time: for results that
 * do not fit into memory. The cursor is closed, and the connection released, however the loop ends. In a
 * `tx` other statements may run between the rows; outside, a connection is held meanwhile, so do not wait
 * long for other things in the loop. To move whole tables `copyOut` is faster; for pages of a list that
 * users turn there is {@link paginate}.
 *
 * PostgreSQL has no cursor for what writes (`INSERT … RETURNING`, a CTE that writes): that runs as a whole
 * before the first row, its rows are held in memory, and leaving the loop undoes nothing.
 *
 * @throws {DbError} when the query fails, before or between rows
 * @throws {Cancelled} when the scope around the loop is cancelled; the server stops the query
 * @throws {TypeError} when `batchSize` is not an integer from 1 up, or an option is unknown
 * @example
 * for await (const plan of stream(db.selectFrom('plans').selectAll())) await exportPlan(plan)
 */
export async function* stream<O>(
  query: Streamable<O>,
  options: StreamOptions = {},
): AsyncGenerator<O, void, undefined> {
  expectQuery('stream', query)
  expectOptions(options, ['batchSize'], 'stream')
  const { batchSize = 100 } = options
  rowCount('batchSize', batchSize)
  yield* query.stream(batchSize)
}
