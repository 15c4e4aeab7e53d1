import type { IoOptions } from '@yuzuru/concurrency'
import { bindingOf } from '../statements/database-context.ts'
import { type CopyExchange, Lease } from '../statements/lease.ts'
import type { PgResult } from '../wire/pg-client.ts'
import type { Queryable } from '../statements/queryable.ts'
import { noteFailure } from '../transactions/transaction-failure.ts'
import { refuseLent } from '../transactions/transaction-state.ts'

/** The connection of a COPY: that of the transaction, or one of its own. */
export async function withLease<DB, T>(
  db: Queryable<DB>,
  fn: (lease: Lease, copy: RunCopy) => Promise<T>,
): Promise<T> {
  const state = bindingOf(db).transaction
  if (state !== undefined) {
    const { lease, root } = state
    state.assertActive()
    const guard = (): void => state.assertActive()
    state.enter()
    try {
      return await fn(lease, (exchange, options) =>
        lease.copy(exchange, options, guard).catch((error: unknown) => {
          throw noteFailure(error, root)
        }),
      )
    } finally {
      state.leave()
    }
  }
  return await db.getExecutor().provideConnection(async (lease) => {
    if (!(lease instanceof Lease)) throw new TypeError('Expected a connection of this driver')
    refuseLent(lease)
    return await fn(lease, (exchange, options) => lease.copy(exchange, options))
  })
}

/** Runs a COPY on the connection. */
export type RunCopy = (exchange: CopyExchange, options: IoOptions) => Promise<PgResult>
