import type { IoOptions } from '@yuzuru/concurrency'
import { expectConnection } from '../statements/kysely-connection.ts'
import type { Lease } from '../statements/lease.ts'
import type { Queryable } from '../statements/queryable.ts'
import { transactionOf, type TransactionState } from '../transactions/transaction-state.ts'
import type { CopyExchange } from '../wire/copy-exchange.ts'
import type { PgResult } from '../wire/pg-client.ts'

/** The connection of a COPY: that of the transaction, or one of its own. */
export async function withLease<DB, T>(
  db: Queryable<DB>,
  fn: (lease: Lease, copy: RunCopy) => Promise<T>,
): Promise<T> {
  const state = transactionOf(db)
  if (state !== undefined) return await withLeaseOf(state, fn)
  return await db.getExecutor().provideConnection(async (provided) => {
    const connection = expectConnection(provided)
    connection.refuseWhileLent()
    const { lease } = connection
    return await fn(lease, (exchange, options) => lease.copy(exchange, options))
  })
}

async function withLeaseOf<T>(
  state: TransactionState,
  fn: (lease: Lease, copy: RunCopy) => Promise<T>,
): Promise<T> {
  const { lease } = state
  const guard = (): void => state.assertActive()
  guard()
  state.enter()
  try {
    return await fn(lease, (exchange, options) =>
      lease.copy(exchange, options, guard).catch((error: unknown) => {
        throw state.noteFailure(error)
      }),
    )
  } finally {
    state.leave()
  }
}

/** Runs a COPY on the connection. */
export type RunCopy = (exchange: CopyExchange, options: IoOptions) => Promise<PgResult>
