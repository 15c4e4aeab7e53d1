import {
  type DialectAdapter,
  type KyselyConfig,
  type KyselyProps,
  type Log,
  PostgresAdapter,
  type QueryCompiler,
  type QueryExecutorProvider,
} from 'kysely'
import type { Lease } from './lease.ts'
import type { PipelinedReads } from '../connections/pipelined-reads.ts'
import type { SessionSource } from '../connections/pool.ts'
import { openOn, type TransactionState } from '../transactions/transaction-state.ts'
import type { ValueTypes } from '../wire/value-parsers.ts'

/** What all queries of one database share. */
export interface DatabaseContext {
  readonly sessions: SessionSource
  /** Where reads may go instead, if they are pipelined. */
  readonly reads: PipelinedReads | undefined
  readonly types: ValueTypes
  /** Compiles one query after the other; making one costs more than a compilation. */
  readonly compiler: QueryCompiler
  readonly commitTimeoutMs: number
  readonly config: KyselyConfig
  /** Kysely's log, if somebody listens. */
  readonly log: Log | undefined
  readonly driver: KyselyProps['driver']
}

/**
 * Kysely's adapter, which every instance derived from another carries along (`withSchema`,
 * `withPlugin` …): so it can tell which database, and which transaction, an instance belongs to.
 */
export class BoundAdapter extends PostgresAdapter {
  readonly context: DatabaseContext
  /** The transaction of `transaction()` that it is the `tx` of. */
  readonly transaction: TransactionState | undefined
  /** The one connection that it runs on, in a transaction of Kysely's own and in `db.connection()`. */
  readonly lease: Lease | undefined

  constructor(context: DatabaseContext, transaction?: TransactionState, lease?: Lease) {
    super()
    this.context = context
    this.transaction = transaction
    this.lease = lease
  }

  /** The transaction that is open where its queries run, whoever began it. */
  get enclosing(): TransactionState | undefined {
    return this.transaction ?? (this.lease && openOn(this.context, this.lease))
  }

  /** `migrate()` holds a lock of its own; Kysely's belongs to the session, which PgBouncer shares out. */
  override async acquireMigrationLock(...args: LockArguments): Promise<void> {
    if (this.transaction === undefined) await super.acquireMigrationLock(...args)
  }

  override async releaseMigrationLock(...args: LockArguments): Promise<void> {
    if (this.transaction === undefined) await super.releaseMigrationLock(...args)
  }
}

type LockArguments = Parameters<PostgresAdapter['acquireMigrationLock']>

/** @throws {TypeError} when `db` does not stem from `createDatabase` */
export function bindingOf(db: QueryExecutorProvider): BoundAdapter {
  const adapter: DialectAdapter | undefined = db?.getExecutor?.().adapter
  if (adapter instanceof BoundAdapter) return adapter
  throw new TypeError('Expected db to be made by createDatabase, or a tx of its transaction')
}
