import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { cancelScope, type IoOptions } from '@yuzuru/concurrency'
import type { Selectable } from 'kysely'
import { withLease } from './copy-lease.ts'
import { type CopyFormat, formatText } from './copy-options.ts'
import { CopyOut } from '../wire/copy-out-exchange.ts'
import type { CopyProgress, CopyResult } from './copy-progress.ts'
import { rowReader } from './copy-rows-out.ts'
import { type Copyable, type CopiedQuery, copiedQuery } from './copy-query.ts'
import { enclosingTransaction } from '../transactions/transaction-state.ts'
import type { PgResult } from '../wire/pg-client.ts'
import type { StatementOptions } from '../statements/lease.ts'
import { noteValues } from '../wire/server-error.ts'
import { translateError } from '../wire/translate-error.ts'
import type { Queryable } from '../statements/queryable.ts'
import { savepoint } from '../transactions/savepoint.ts'
import { statementText } from '../statements/sql-text.ts'

/** How a COPY to here runs. */
export interface CopyOutOptions extends IoOptions {
  /** Called before each batch is given out. A throw ends the COPY. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

const COPY_OUT_OPTIONS = Object.keys({
  format: true,
  header: true,
  delimiter: true,
  nullText: true,
  onProgress: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof CopyBytesOptions, true>)

/** How a COPY to here runs that gives bytes. */
export interface CopyBytesOptions extends CopyOutOptions, CopyFormat {}

/**
 * Iterates over the rows of a table or a query, or with a `format` over its bytes, in one statement
 * (https://www.postgresql.org/docs/current/sql-copy.html). The server is read only as fast as the loop goes
 * on. However the loop ends, the COPY ends with it, and the connection is released when the server has
 * stopped. The loop must begin and end within one scope.
 *
 * In a `tx` it runs in a savepoint, so that ending early leaves the transaction usable; nothing else can
 * run on it meanwhile (`copy_in_progress`): that is what {@link stream} is for.
 *
 * Values of the query are written into the SQL text as literals, as COPY takes no parameters.
 *
 * @returns as the generator's return value, how many rows and bytes came
 * @throws {DbError} when the query fails
 * @throws {Cancelled} when the scope around the loop is cancelled; the server stops the COPY
 * @throws {TypeError} when an option is unknown or has the wrong type
 * @example
 * for await (const plan of copyOut(db, db.selectFrom('plans').selectAll())) await check(plan)
 * await pipeline(copyOut(db, 'plans', { format: 'csv', header: true }), createWriteStream('plans.csv'))
 */
export function copyOut<DB, T extends keyof DB & string>(
  db: Queryable<DB>,
  table: T,
  options?: CopyOutOptions & { readonly format?: never },
): AsyncGenerator<Selectable<DB[T]>, CopyResult, undefined>
export function copyOut<DB, O>(
  db: Queryable<DB>,
  query: Copyable<O>,
  options?: CopyOutOptions & { readonly format?: never },
): AsyncGenerator<O, CopyResult, undefined>
export function copyOut<DB>(
  db: Queryable<DB>,
  from: (keyof DB & string) | Copyable<unknown>,
  options: CopyBytesOptions,
): AsyncGenerator<Uint8Array, CopyResult, undefined>
export function copyOut<DB>(
  db: Queryable<DB>,
  from: string | Copyable<unknown>,
  options: Partial<CopyBytesOptions> = {},
): AsyncGenerator<unknown, CopyResult, undefined> {
  expectOptions(options, COPY_OUT_OPTIONS, 'copyOut')
  if (typeof from !== 'string' && typeof from?.compile !== 'function') {
    throw expected('a table or a query to copy', from)
  }
  const query = copiedQuery(db, from)
  const text = statementText(`copy (${query.text}) to stdout ${formatText(options)}`)
  return read(db, query, new CopyOut(text, query.writes), options)
}

async function* read<DB>(
  db: Queryable<DB>,
  query: CopiedQuery,
  exchange: CopyOut,
  options: Partial<CopyBytesOptions>,
): AsyncGenerator<unknown, CopyResult, undefined> {
  const { format, onProgress } = options
  const stop = new AbortController()
  const columns = Promise.withResolvers<PgResult>()
  const running = start(db, query, exchange, { ...options, stop: stop.signal, columns })
  running.catch(columns.reject)
  columns.promise.catch(() => undefined)
  let atEnd = false
  try {
    const read =
      format === undefined ? rowReader(db, query.queryId, await columns.promise) : undefined
    let rows = read === undefined ? undefined : 0
    for (let batch = await exchange.take(); batch !== undefined; batch = await exchange.take()) {
      if (rows !== undefined) rows += batch.length
      onProgress?.({ rows, bytes: exchange.bytes })
      if (read === undefined) yield Buffer.concat(batch)
      else yield* await read(batch)
    }
    atEnd = true
    const { rowCount } = await running
    return { rows: rowCount ?? 0, bytes: exchange.bytes }
  } finally {
    if (!atEnd) {
      stop.abort()
      await running.catch(() => undefined)
    }
  }
}

interface StartOptions extends IoOptions {
  readonly format?: CopyFormat['format'] | undefined
  /** Fires when the loop ends before the rows do. */
  readonly stop: AbortSignal
  /** Where the columns are noted. */
  readonly columns: PromiseWithResolvers<PgResult>
}

/** The values of the query are literals in its text. */
const DESCRIBES: StatementOptions = {
  effect: 'read',
  translate(error, outcome) {
    noteValues(error)
    return translateError('copyOut', error, outcome)
  },
}

/** Runs the COPY beside the loop that takes what it gives. */
async function start<DB>(
  db: Queryable<DB>,
  query: CopiedQuery,
  exchange: CopyOut,
  { format, stop, columns, signal, timeoutMs }: StartOptions,
): Promise<PgResult> {
  const outer = enclosingTransaction(db)
  const body = (on: Queryable<DB>): Promise<PgResult> =>
    withLease(on, async (lease, copy) => {
      // COPY itself does not tell the types of its columns.
      if (format === undefined) {
        columns.resolve(await lease.statement('copyOut', query.describe, DESCRIBES))
      }
      return await copy(exchange, { signal, timeoutMs })
    })
  try {
    return await cancelScope(() => (outer === undefined ? body(db) : savepoint(db, outer, body)), {
      name: 'copyOut',
      signal: stop,
    })
  } finally {
    exchange.end()
  }
}
