import {
  AbortedTransactionError,
  type DatabaseConnection,
  type Driver,
  type TransactionSettings,
} from 'kysely'
import type { DatabaseContext } from './database-context.ts'
import { Lease } from './lease.ts'
import { commit, rollback } from './transaction-end.ts'

/**
 * Kysely's side of the connections, for `db.transaction()` and `db.connection()` of Kysely itself:
 * they too obey the scope. Retries, hooks and the rest are `transaction()`'s.
 */
export class YuzuruDriver implements Driver {
  #context: DatabaseContext | undefined = undefined

  /** The context holds the driver and the driver the context; one has to come second. */
  attach(context: DatabaseContext): void {
    this.#context = context
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#context === undefined) throw new TypeError('Expected attach() to be called first')
    return new Lease(this.#context)
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const { isolationLevel, accessMode } = settings
    const begin = ['begin']
    if (isolationLevel !== undefined) begin.push(`isolation level ${isolationLevel}`)
    if (accessMode !== undefined) begin.push(accessMode)
    await leaseOf(connection).statement('begin', begin.join(' '), { effect: 'read' })
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const timeoutMs = this.#context?.commitTimeoutMs ?? Infinity
    const options = { readOnly: false, timeoutMs }
    if (!(await commit(leaseOf(connection), options))) throw new AbortedTransactionError()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await rollback(leaseOf(connection))
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('savepoint', `savepoint ${quoted(name)}`, READ)
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('rollback', `rollback to ${quoted(name)}`, READ)
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('release', `release ${quoted(name)}`, READ)
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    leaseOf(connection).release()
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#context?.reads?.close(), this.#context?.sessions.close()])
  }
}

function leaseOf(connection: DatabaseConnection): Lease {
  if (connection instanceof Lease) return connection
  throw new TypeError('Expected a connection of this driver')
}

const READ = { effect: 'read' } as const

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
