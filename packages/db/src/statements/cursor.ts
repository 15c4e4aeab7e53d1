import { shield } from '@yuzuru/concurrency'
import { CompiledQuery, type QueryResult } from 'kysely'
import { randomBytes } from 'node:crypto'
import type { Lease } from './lease.ts'
import { isPlainRead } from './plain-read.ts'
import { isDeclaredRead } from './read-mark.ts'
import { rowCount } from './sql-text.ts'
import { takesCursor } from './statement-effect.ts'
import { commit, rollback } from './transaction-end.ts'

/** How long closing a cursor may take before the connection is closed. */
const CLOSE_TIMEOUT_MS = 5_000

/**
 * Reads a query in batches through a cursor of the server. The connection is free for other statements
 * of the transaction between two batches. Outside a transaction it makes one for itself. A statement that
 * writes is run as a whole.
 */
export async function* readCursor<R>(
  lease: Lease,
  query: CompiledQuery,
  batchSize: number,
  guard?: () => void,
): AsyncGenerator<QueryResult<R>, void, undefined> {
  const size = rowCount('the chunk size', batchSize)
  if (!takesCursor(query)) {
    yield* inBatches(await lease.executeQuery<R>(query, undefined, guard), batchSize)
    return
  }
  // Text that runs in the same transaction must not be able to guess it.
  const name = `yuzuru_cursor_${randomBytes(9).toString('hex')}`
  const inside = lease.isAtomic
  if (!inside) await lease.statement('begin', 'begin', { effect: 'read' })
  try {
    const declare = { ...query, sql: `declare ${name} no scroll cursor for ${query.sql}` }
    await lease.executeQuery(declare, undefined, guard)
    const fetch = CompiledQuery.raw(`fetch ${size} from ${name}`)
    for (;;) {
      const { rows } = await lease.executeQuery<R>(fetch, undefined, guard)
      if (rows.length > 0) yield { rows }
      if (rows.length < batchSize) break
    }
  } catch (error) {
    if (!inside) await rollback(lease)
    throw error
  } finally {
    if (lease.inTransaction && !lease.failed) {
      await (inside ? closeCursor(lease, name) : end(lease, onlyReads(query)))
    }
  }
}

/** A statement that writes has no cursor: it is run, and what it returns is given out in batches. */
function* inBatches<R>(
  { rows }: QueryResult<R>,
  batchSize: number,
): Generator<QueryResult<R>, void, undefined> {
  for (let at = 0; at < rows.length; at += batchSize) {
    yield { rows: rows.slice(at, at + batchSize) }
  }
}

async function closeCursor(lease: Lease, name: string): Promise<void> {
  const limits = { effect: 'read', abort: 'destroy', timeoutMs: CLOSE_TIMEOUT_MS } as const
  await shield(() => lease.statement('close', `close ${name}`, limits), { name: 'close' })
}

/** Of anything else the server is asked whether it has written. */
function onlyReads(query: CompiledQuery): boolean {
  return isPlainRead(query) || isDeclaredRead(query)
}

/** A function that was called may have written: what it did stands once this has arrived. */
async function end(lease: Lease, readOnly: boolean): Promise<void> {
  const timeoutMs = CLOSE_TIMEOUT_MS
  await commit(lease, { readOnly, timeoutMs })
}
