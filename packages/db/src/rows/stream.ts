import { expectOptions } from '@yuzuru/concurrency/boundary'
import { rowCount } from '../statements/sql-text.ts'

/** What can be streamed: a query of Kysely that gives rows. */
export interface Streamable<O> {
  stream(chunkSize?: number): AsyncIterableIterator<O>
}

export interface StreamOptions {
  /** How many rows are fetched at once and held in memory, from 1 up. @default 100 */
  readonly batchSize?: number | undefined
}

/**
 * The rows of a query, read through a cursor of the server a batch at a time: for results that do not
 * fit into memory. The cursor is closed, and the connection given back, when the loop ends in whatever
 * way. In a `tx` other statements may run between the rows; outside, a connection is held meanwhile.
 *
 * PostgreSQL has no cursor for what writes (`INSERT … RETURNING`, a CTE that writes): that runs as a whole
 * before the first row, its rows are held in memory, and leaving the loop undoes nothing.
 *
 * @example
 * for await (const plan of stream(db.selectFrom('plans').selectAll())) await exportPlan(plan)
 */
export async function* stream<O>(
  query: Streamable<O>,
  options: StreamOptions = {},
): AsyncGenerator<O, void, undefined> {
  expectOptions(options, ['batchSize'], 'stream')
  const { batchSize = 100 } = options
  rowCount('batchSize', batchSize)
  yield* query.stream(batchSize)
}
