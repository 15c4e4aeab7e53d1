import type {
  AbortableOperationOptions,
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryResult,
} from 'kysely'
import { DbError } from '../wire/db-error.ts'
import { readCursor } from './cursor.ts'
import type { DatabaseContext } from './database-context.ts'
import { Lease } from './lease.ts'
import type { OpenTransaction } from './open-transaction.ts'

/** A lease as Kysely takes it: its connection. */
export class KyselyConnection implements DatabaseConnection {
  readonly lease: Lease
  /** The transaction that is open on it: one of Kysely's own, or the one that it is lent to. */
  transaction: OpenTransaction | undefined = undefined

  constructor(context: DatabaseContext) {
    this.lease = new Lease(context)
  }

  executeQuery<R>(
    query: CompiledQuery,
    options?: AbortableOperationOptions,
  ): Promise<QueryResult<R>> {
    return this.lease.executeQuery(query, options)
  }

  streamQuery<R>(query: CompiledQuery, batchSize: number): AsyncIterableIterator<QueryResult<R>> {
    return readCursor<R>(this.lease, query, batchSize)
  }

  /**
   * Throws while it is lent to a transaction: a statement would be part of that, unseen.
   *
   * @throws {DbError} `nested_connection`
   */
  refuseWhileLent(): void {
    const { transaction } = this
    if (transaction === undefined || transaction.ended || transaction.lease === this.lease) return
    throw new DbError('The connection is in a transaction of transaction(): use its tx', {
      operation: 'query',
      code: 'nested_connection',
      outcome: 'none',
    })
  }
}

/** @throws {TypeError} unless it is a connection of this driver */
export function expectConnection(connection: DatabaseConnection): KyselyConnection {
  if (connection instanceof KyselyConnection) return connection
  throw new TypeError('Expected a connection of this driver')
}

/** Gives each of its users a connection of its own. */
export function connectionsOf(context: DatabaseContext): ConnectionProvider {
  return {
    async provideConnection(consumer) {
      const connection = new KyselyConnection(context)
      try {
        return await consumer(connection)
      } finally {
        connection.lease.release()
      }
    },
  }
}
