import { CompiledQuery, type Kysely, type Transaction } from 'kysely'
import {
  type Migration,
  type MigrationInfo,
  type MigrationResultSet,
  Migrator,
  type NoMigrations,
} from 'kysely/migration'
import { collectMigrations, type MigrationSource } from './migration-sources.ts'
import type { Queryable } from './queryable.ts'
import { transaction } from './transaction.ts'

/** Any number will do that nobody else uses on the same database. */
const LOCK = 6_112_739_408_552n

type Sources = MigrationSource | readonly MigrationSource[]

/**
 * Kysely's `Migrator` over composed sources, for tools that want one (kysely-ctl): each call is one
 * transaction that takes {@link migrate}'s lock first, and a run that fails leaves nothing behind.
 *
 * @example
 * // kysely.config.ts; `kysely migrate list` is the dry run, `kysely migrate latest` runs them
 * export default defineConfig({
 *   kysely: () => createDatabase({ url: process.env.DATABASE_URL }),
 *   migrations: { migrator: (db) => createMigrator(db, ['migrations', jobsMigrations]) },
 * })
 */
export function createMigrator<DB>(db: Queryable<DB>, sources: Sources): Migrator {
  return new LockedMigrator(db, sources)
}

class LockedMigrator<DB> extends Migrator {
  readonly #db: Kysely<DB>
  readonly #sources: Sources

  constructor(db: Kysely<DB>, sources: Sources) {
    super({ db, provider: { getMigrations: () => collectMigrations(sources) } })
    this.#db = db
    this.#sources = sources
  }

  override async getMigrations(): Promise<readonly MigrationInfo[]> {
    const migrations = await collectMigrations(this.#sources)
    return await lockedTransaction(this.#db, (tx) => migratorOf(tx, migrations).getMigrations())
  }

  override migrateToLatest(): Promise<MigrationResultSet> {
    return this.#run((migrator) => migrator.migrateToLatest())
  }

  override migrateTo(target: string | NoMigrations): Promise<MigrationResultSet> {
    return this.#run((migrator) => migrator.migrateTo(target))
  }

  override migrateUp(): Promise<MigrationResultSet> {
    return this.#run((migrator) => migrator.migrateUp())
  }

  override migrateDown(): Promise<MigrationResultSet> {
    return this.#run((migrator) => migrator.migrateDown())
  }

  /** Kysely's migrator tells its failure in what it returns; only a throw rolls back. */
  async #run(fn: (migrator: Migrator) => Promise<MigrationResultSet>): Promise<MigrationResultSet> {
    let set: MigrationResultSet = {}
    try {
      const migrations = await collectMigrations(this.#sources)
      await lockedTransaction(this.#db, async (tx) => {
        set = await fn(migratorOf(tx, migrations))
        if (set.error !== undefined) throw set.error
      })
    } catch (error) {
      return { ...set, error }
    }
    return set
  }
}

/** One transaction that waits for all others that migrate; the lock ends with it, also behind PgBouncer. */
export async function lockedTransaction<DB, T>(
  db: Queryable<DB>,
  fn: (tx: Transaction<DB>) => Promise<T>,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly timeoutMs?: number | undefined
  } = {},
): Promise<T> {
  return await transaction(
    db,
    async (tx) => {
      await tx.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${LOCK})`))
      return await fn(tx)
    },
    // Under read committed each waiter sees what the one before it has done.
    { ...options, isolation: 'read committed' },
  )
}

/** Kysely's migrator in a transaction that holds the lock. */
export function migratorOf<DB>(
  tx: Transaction<DB>,
  migrations: Record<string, Migration>,
): Migrator {
  const provider = { getMigrations: async () => migrations }
  // Several packages' migrations interleave by name, so a new one may sort before one that ran.
  return new Migrator({ db: tx, provider, allowUnorderedMigrations: true })
}
