import {
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Kysely,
  Transaction,
} from 'kysely'
import { readCursor } from './cursor.ts'
import { BoundAdapter } from './database-context.ts'
import { DbError } from './db-error.ts'
import type { TransactionState } from './transaction-state.ts'

/** A Kysely like `db`, whose statements run in the transaction. */
export function bindTransaction<DB>(db: Kysely<DB>, state: TransactionState): Transaction<DB> {
  const { config, driver } = state.context
  const executor = new DefaultQueryExecutor(
    state.context.compiler,
    new BoundAdapter(state.context, state),
    connectionsOf(state),
    [...db.getExecutor().plugins],
  )
  return new Transaction<DB>({ config, driver, dialect: config.dialect, executor })
}

function connectionsOf(state: TransactionState): ConnectionProvider {
  const connection = connectionOf(state)
  return {
    async provideConnection(consumer) {
      state.assertActive()
      return await consumer(connection)
    },
  }
}

function connectionOf(state: TransactionState): DatabaseConnection {
  const { lease, root } = state
  const guard = (): void => state.assertActive()
  return {
    async executeQuery(query, options) {
      try {
        return await lease.executeQuery(query, options, guard)
      } catch (error) {
        throw noteFailure(error, root)
      }
    },
    streamQuery: (query, batchSize) => readCursor(lease, query, batchSize, guard),
  }
}

/** Keeps the first error after which the server refuses everything, and says it with each refusal. */
export function noteFailure(error: unknown, root: TransactionState): unknown {
  if (DbError.isInstance(error) && error.code === 'transaction_aborted') {
    const { message, sqlState } = error
    const init = { operation: 'query', code: 'transaction_aborted', outcome: 'none' } as const
    return new DbError(message, { ...init, sqlState, cause: root.failure })
  }
  if (root.lease.failed) root.failure ??= error
  return error
}
