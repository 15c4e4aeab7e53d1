import {
  AbortedTransactionError,
  type DatabaseConnection,
  type Driver,
  type TransactionSettings,
} from 'kysely'
import type { DatabaseContext } from '../statements/database-context.ts'
import { expectConnection, KyselyConnection } from '../statements/kysely-connection.ts'
import type { Lease } from '../statements/lease.ts'
import { identifier, word } from '../statements/sql-text.ts'
import { commit, rollback } from '../statements/transaction-end.ts'

/**
 * Kysely's driver, for Kysely's own `db.transaction()` and `db.connection()`: they obey the scope too.
 * Retries, hooks and the rest are only in `transaction()`.
 */
export class YuzuruDriver implements Driver {
  #context: DatabaseContext | undefined = undefined

  /** Sets the context, which itself needs the driver, so that one of the two must be set later. */
  attach(context: DatabaseContext): void {
    this.#context = context
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#context === undefined) throw new TypeError('Expected attach() to be called first')
    return new KyselyConnection(this.#context)
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
    const own = expectConnection(connection)
    own.refuseWhileLent()
    await own.lease.statement('begin', begin.join(' '), READ)
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const timeoutMs = this.#context?.commitTimeoutMs ?? Infinity
    const options = { readOnly: false, timeoutMs }
    if (!(await commit(ended(connection), options))) throw new AbortedTransactionError()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await rollback(ended(connection))
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await expectConnection(connection).lease.statement(
      'savepoint',
      `savepoint ${savepoint(name)}`,
      READ,
    )
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await expectConnection(connection).lease.statement(
      'rollback',
      `rollback to ${savepoint(name)}`,
      READ,
    )
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await expectConnection(connection).lease.statement(
      'release',
      `release ${savepoint(name)}`,
      READ,
    )
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    expectConnection(connection).lease.release()
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#context?.reads?.close(), this.#context?.sessions.close()])
  }
}

/** Ends the transaction of the connection, so that no statement can run in its savepoints any more. */
function ended(connection: DatabaseConnection): Lease {
  const own = expectConnection(connection)
  if (own.transaction !== undefined) own.transaction.ended = true
  own.transaction = undefined
  return own.lease
}

const READ = { effect: 'read' } as const

const LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const
const ACCESS_MODES = ['read only', 'read write'] as const

function savepoint(name: string): string {
  return identifier('the name of the savepoint', name)
}
