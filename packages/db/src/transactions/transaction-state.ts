import { Semaphore } from '@yuzuru/concurrency/sync'
import type { QueryExecutorProvider } from 'kysely'
import { type Binding, bindingOf } from '../statements/binding.ts'
import type { DatabaseContext } from '../statements/database-context.ts'
import type { KyselyConnection } from '../statements/kysely-connection.ts'
import type { Lease } from '../statements/lease.ts'
import type { OpenTransaction } from '../statements/open-transaction.ts'
import { DbError } from '../wire/db-error.ts'

/** Called after the end of a transaction. */
export type Hook = () => unknown

/** One transaction, or one savepoint in it, from its begin to its end. */
export class TransactionState implements OpenTransaction {
  readonly context: DatabaseContext
  readonly lease: Lease
  readonly parent: TransactionState | undefined
  readonly root: TransactionState
  readonly allowNested: boolean
  ended = false
  afterCommit: Hook[] = []
  afterRollback: Hook[] = []
  /** The `afterRollback` hooks of savepoints that were undone. They are due at the end, however that is. */
  rolledBack: Hook[] = []
  /** The error after which the server refuses everything but a rollback. Kept by the root. */
  failure: unknown = undefined
  /** How many savepoints were made, to name them. Kept by the root. */
  savepointCount = 0
  /** Whether other code began it and ends it, so that its commit is not seen here. */
  isForeign = false
  #savepoints: Semaphore | undefined = undefined
  #underWay = 0

  constructor(context: DatabaseContext, lease: Lease, allowNested: boolean) {
    this.context = context
    this.lease = lease
    this.allowNested = allowNested
    this.parent = undefined
    this.root = this
  }

  /** A savepoint within this one. */
  nest(): TransactionState {
    const child = new TransactionState(this.context, this.lease, this.allowNested)
    Object.assign(child, { parent: this, root: this.root })
    return child
  }

  /** Lets one savepoint run at a time: they are a stack, which has one top. */
  get savepoints(): Semaphore {
    this.#savepoints ??= new Semaphore(1, { name: 'savepoint' })
    return this.#savepoints
  }

  /** How many of its statements, savepoints and COPYs are under way. */
  get underWay(): number {
    return this.#underWay
  }

  enter(): void {
    this.#underWay += 1
  }

  leave(): void {
    this.#underWay -= 1
  }

  assertActive(): void {
    // Kysely's own transaction ends without waiting for the savepoints in it.
    if (!this.ended && !this.root.ended) return
    throw new DbError(
      'This transaction has ended. Is an await missing on a query in it, or was its tx kept?',
      { operation: 'query', code: 'transaction_ended', outcome: 'none' },
    )
  }

  /**
   * Keeps the first error after which the server refuses everything, and returns it as the cause of each
   * refusal.
   */
  noteFailure(error: unknown): unknown {
    const { root } = this
    if (DbError.isInstance(error) && error.code === 'transaction_aborted') {
      const { message, sqlState } = error
      const init = { operation: 'query', code: 'transaction_aborted', outcome: 'none' } as const
      return new DbError(message, { ...init, sqlState, cause: root.failure })
    }
    if (root.lease.failed) root.failure ??= error
    return error
  }

  isWithin(other: TransactionState): boolean {
    return this === other || this.parent?.isWithin(other) === true
  }
}

/** The transaction or savepoint of `transaction()` that `db` is the `tx` of. */
export function transactionOf(db: QueryExecutorProvider): TransactionState | undefined {
  return stateOf(bindingOf(db).transaction)
}

/** The transaction that is open where the queries of `db` run, whichever code began it. */
export function enclosingTransaction(db: QueryExecutorProvider): TransactionState | undefined {
  const { context, transaction, connection }: Binding = bindingOf(db)
  if (transaction !== undefined) return stateOf(transaction)
  return connection === undefined ? undefined : openOn(context, connection)
}

/**
 * The transaction that is open on a connection of Kysely: Kysely's own, one that was begun by hand, or the
 * one to which the connection is lent.
 */
function openOn(
  context: DatabaseContext,
  connection: KyselyConnection,
): TransactionState | undefined {
  const { lease } = connection
  if (connection.transaction?.ended === true) connection.transaction = undefined
  const open = stateOf(connection.transaction)
  if (open !== undefined && open.lease !== lease) return open
  if (!lease.inTransaction) return undefined
  if (open !== undefined) return open
  const foreign = new TransactionState(context, lease, false)
  foreign.isForeign = true
  connection.transaction = foreign
  return foreign
}

/** Every open transaction is a {@link TransactionState}: nothing else makes one. */
export function stateOf(transaction: object | undefined): TransactionState | undefined {
  return transaction instanceof TransactionState ? transaction : undefined
}
