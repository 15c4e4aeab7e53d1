import { type ConnectionProvider, type DatabaseConnection, type Kysely, Transaction } from 'kysely'
import { readCursor } from '../statements/cursor.ts'
import { Binding } from '../statements/binding.ts'
import { BoundExecutor } from '../statements/executor.ts'
import type { TransactionState } from './transaction-state.ts'

/** A Kysely like `db`, whose statements run in the transaction. */
export function bindTransaction<DB>(db: Kysely<DB>, state: TransactionState): Transaction<DB> {
  const { config, driver } = state.context
  const binding = new Binding(state.context, state)
  const executor = new BoundExecutor(binding, connectionsOf(state), db.getExecutor().plugins)
  return new Transaction<DB>({ config, driver, dialect: config.dialect, executor })
}

/** Only a stream asks for a connection; other queries go to the lease. */
function connectionsOf(state: TransactionState): ConnectionProvider {
  return {
    async provideConnection(consumer) {
      state.assertActive()
      return await consumer(connectionOf(state))
    },
  }
}

function connectionOf(state: TransactionState): DatabaseConnection {
  const { lease } = state
  const guard = (): void => state.assertActive()
  return {
    async executeQuery(query, options) {
      try {
        return await lease.executeQuery(query, options, guard)
      } catch (error) {
        throw state.noteFailure(error)
      }
    },
    streamQuery: (query, batchSize) => readCursor(lease, query, batchSize, guard),
  }
}
