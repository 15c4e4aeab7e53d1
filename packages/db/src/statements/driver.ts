import {
  AbortedTransactionError,
  type DatabaseConnection,
  type Driver,
  type TransactionSettings,
} from 'kysely'
import type { DatabaseContext } from './database-context.ts'
import { Lease } from './lease.ts'
import { identifier, word } from './sql-text.ts'
import { commit, rollback } from './transaction-end.ts'
import { refuseLent } from '../transactions/transaction-state.ts'

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
    if (isolationLevel !== undefined) {
      begin.push('isolation level', word('the isolation level', isolationLevel, LEVELS))
    }
    if (accessMode !== undefined) begin.push(word('the access mode', accessMode, ACCESS_MODES))
    const lease = leaseOf(connection)
    refuseLent(lease)
    await lease.statement('begin', begin.join(' '), { effect: 'read' })
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const timeoutMs = this.#context?.commitTimeoutMs ?? Infinity
    const options = { readOnly: false, timeoutMs }
    if (!(await commit(ended(leaseOf(connection)), options))) throw new AbortedTransactionError()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await rollback(ended(leaseOf(connection)))
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('savepoint', `savepoint ${savepoint(name)}`, READ)
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('rollback', `rollback to ${savepoint(name)}`, READ)
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await leaseOf(connection).statement('release', `release ${savepoint(name)}`, READ)
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

/** What is left of the savepoints that were made in it can do no more. */
function ended(lease: Lease): Lease {
  if (lease.transaction !== undefined) lease.transaction.ended = true
  lease.transaction = undefined
  return lease
}

const READ = { effect: 'read' } as const

const LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const
const ACCESS_MODES = ['read only', 'read write'] as const

function savepoint(name: string): string {
  return identifier('the name of the savepoint', name)
}
