import { Semaphore } from '@yuzuru/concurrency/sync'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseContext } from '../statements/database-context.ts'
import { DbError } from '../wire/db-error.ts'
import type { Lease } from '../statements/lease.ts'

/** Called after the end of a transaction. */
export type Hook = () => unknown

/** One transaction, or one savepoint in it, from its begin to its end. */
export class TransactionState {
  readonly context: DatabaseContext
  readonly lease: Lease
  /** The transaction, or savepoint, that this savepoint is in. */
  readonly parent: TransactionState | undefined
  readonly root: TransactionState
  readonly allowNested: boolean
  /** One savepoint after the other: they are a stack, and a stack has one top. */
  get savepoints(): Semaphore {
    this.#savepoints ??= new Semaphore(1, { name: 'savepoint' })
    return this.#savepoints
  }

  #savepoints: Semaphore | undefined = undefined
  afterCommit: Hook[] = []
  afterRollback: Hook[] = []
  /** The `afterRollback` of savepoints that were undone: due at the end, whatever that is. */
  rolledBack: Hook[] = []
  /** What made the server refuse all but a rollback. Kept by the root. */
  failure: unknown = undefined
  /** How many savepoints were made, to name them. Kept by the root. */
  savepointCount = 0
  ended = false
  /** Whether somebody else began it, and ends it, so that nobody here is told of its commit. */
  isForeign = false

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

  #underWay = 0

  /** How many of its statements, savepoints and COPYs are under way. */
  get underWay(): number {
    return this.#underWay
  }

  /** To be called when a statement of it begins … */
  enter(): void {
    this.#underWay += 1
  }

  /** … and when it has ended. */
  leave(): void {
    this.#underWay -= 1
  }

  /** @throws {DbError} `transaction_ended` */
  assertActive(): void {
    // Kysely's own transaction ends without waiting for the savepoints in it.
    if (!this.ended && !this.root.ended) return
    throw new DbError(
      'This transaction has ended. Is an await missing on a query in it, or was its tx kept?',
      { operation: 'query', code: 'transaction_ended', outcome: 'none' },
    )
  }

  isWithin(other: TransactionState): boolean {
    return this === other || this.parent?.isWithin(other) === true
  }
}

const current = new AsyncLocalStorage<TransactionState | undefined>()

/** Calls `fn` so that all that it starts knows of the transaction; `undefined`: of none. */
export function callInTransaction<T>(state: TransactionState | undefined, fn: () => T): T {
  return current.run(state, fn)
}

/** The innermost transaction or savepoint around the caller that has not ended. */
export function currentTransaction(): TransactionState | undefined {
  let state = current.getStore()
  while (state?.ended === true) state = state.parent
  return state
}

/**
 * The transaction that is open on a lease which is not `transaction()`'s: Kysely's own, or one that was
 * begun by hand.
 */
export function openOn(context: DatabaseContext, lease: Lease): TransactionState | undefined {
  if (lease.transaction?.ended === true) lease.transaction = undefined
  const isOwn = lease.transaction === undefined || lease.transaction.lease === lease
  if (!isOwn) return lease.transaction
  if (!lease.inTransaction) return undefined
  if (lease.transaction === undefined) {
    lease.transaction = new TransactionState(context, lease, false)
    lease.transaction.isForeign = true
  }
  return lease.transaction
}

/**
 * Refuses a statement on a connection that is lent to a transaction: it would be part of that, unseen.
 *
 * @throws {DbError} `nested_connection`
 */
export function refuseLent(lease: Lease): void {
  const { transaction } = lease
  if (transaction === undefined || transaction.ended || transaction.lease === lease) return
  throw new DbError('The connection is in a transaction of transaction(): use its tx', {
    operation: 'query',
    code: 'nested_connection',
    outcome: 'none',
  })
}

/**
 * Refuses a second connection of the same database to whoever holds one: with a small pool, enough of
 * them at once wait for each other for ever.
 *
 * @throws {DbError} `nested_connection`
 */
export function refuseNested(context: DatabaseContext): void {
  const state = currentTransaction()
  if (state === undefined || state.context !== context || state.allowNested) return
  throw new DbError(
    'The database was used inside its own transaction. Use the tx, or allowNested: true if a second connection is meant',
    { operation: 'acquire', code: 'nested_connection', outcome: 'none' },
  )
}
