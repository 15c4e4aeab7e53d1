import {
  type DialectAdapter,
  type KyselyConfig,
  type KyselyProps,
  PostgresAdapter,
  type QueryCompiler,
  type QueryExecutorProvider,
} from 'kysely'
import type { PipelinedReads } from './pipelined-reads.ts'
import type { SessionSource } from './pool.ts'
import type { TransactionState } from './transaction-state.ts'
import type { ValueTypes } from './value-parsers.ts'

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
  readonly driver: KyselyProps['driver']
}

/**
 * Kysely's adapter, which every instance derived from another carries along (`withSchema`,
 * `withPlugin` …): so it can tell which database, and which transaction, an instance belongs to.
 */
export class BoundAdapter extends PostgresAdapter {
  readonly context: DatabaseContext
  readonly transaction: TransactionState | undefined

  constructor(context: DatabaseContext, transaction?: TransactionState) {
    super()
    this.context = context
    this.transaction = transaction
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
