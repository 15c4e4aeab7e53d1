import { type DialectAdapter, PostgresAdapter, type QueryExecutorProvider } from 'kysely'
import type { DatabaseContext } from './database-context.ts'
import type { KyselyConnection } from './kysely-connection.ts'
import type { OpenTransaction } from './open-transaction.ts'

/**
 * What binds a Kysely to its database. It is Kysely's adapter, because every instance derived from
 * another carries that along (`withSchema`, `withPlugin` …): so each can say which database, and which
 * transaction, it belongs to.
 */
export class Binding extends PostgresAdapter {
  readonly context: DatabaseContext
  /** The transaction of `transaction()` that it is the `tx` of. */
  readonly transaction: OpenTransaction | undefined
  /** The one connection that it runs on, in a transaction of Kysely's own and in `db.connection()`. */
  readonly connection: KyselyConnection | undefined

  constructor(
    context: DatabaseContext,
    transaction?: OpenTransaction,
    connection?: KyselyConnection,
  ) {
    super()
    this.context = context
    this.transaction = transaction
    this.connection = connection
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

/** @throws {TypeError} unless `db` stems from `createDatabase` */
export function bindingOf(db: QueryExecutorProvider): Binding {
  const adapter: DialectAdapter | undefined = db?.getExecutor?.().adapter
  if (adapter instanceof Binding) return adapter
  throw new TypeError('Expected db to be made by createDatabase, or a tx of its transaction')
}
