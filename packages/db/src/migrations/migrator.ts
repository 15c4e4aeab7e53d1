import { sleep } from '@yuzuru/concurrency'
import { CompiledQuery, type Kysely, type Transaction } from 'kysely'
import {
  type Migration,
  type MigrationInfo,
  type MigrationResultSet,
  Migrator,
  type NoMigrations,
} from 'kysely/migration'
import { collectMigrations, type DbMigration, type MigrationSource } from './migration-sources.ts'
import type { Queryable } from '../statements/queryable.ts'
import { transaction } from '../transactions/transaction.ts'
import type { TransactionOptions } from '../transactions/transaction-options.ts'

/** Any number that no other lock on the same database uses. */
const LOCK = 6_112_739_408_552n

type Sources = MigrationSource | readonly MigrationSource[]

/**
 * Kysely's `Migrator` over composed sources, for tools that want one (kysely-ctl): each call is one
 * transaction that takes {@link migrate}'s lock first, and a run that fails leaves nothing behind. What
 * runs outside a transaction is {@link migrate}'s alone.
 *
 * @example
 * // kysely.config.ts; `kysely migrate list` is the dry run, `kysely migrate latest` runs them
 * export default defineConfig({
 *   kysely: () => createDatabase({ url: process.env['DATABASE_URL'] ?? '' }),
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

  /** Kysely's migrator returns its failure; only a throw rolls back. */
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
  options: TransactionOptions = {},
): Promise<T> {
  return await transaction(
    db,
    async (tx) => {
      await takeLock(tx)
      return await fn(tx)
    },
    // Under read committed each waiter sees what the one before it has done.
    { ...options, isolation: 'read committed' },
  )
}

const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 250

/**
 * Asks for the lock until it is there. To wait for it in a statement would hold a snapshot meanwhile, and
 * `create index concurrently` waits for the end of those: each for the other.
 */
async function takeLock<DB>(tx: Transaction<DB>): Promise<void> {
  const ask = CompiledQuery.raw(`select pg_try_advisory_xact_lock(${LOCK}) as taken`)
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)) {
    const { rows } = await tx.withoutPlugins().executeQuery<{ taken: boolean }>(ask)
    if (rows[0]?.taken === true) return
    await sleep((0.5 + Math.random() / 2) * delayMs)
  }
}

/** Kysely's migrator in a transaction that holds the lock. */
export function migratorOf<DB>(
  tx: Transaction<DB>,
  migrations: Readonly<Record<string, DbMigration>>,
): Migrator {
  const entries = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    migration.transaction === false ? outsideOnly(name) : migration,
  ])
  const provider = { getMigrations: async () => Object.fromEntries(entries) }
  // Several packages' migrations interleave by name, so a new one may sort before one that ran.
  return new Migrator({ db: tx, provider, allowUnorderedMigrations: true })
}

function outsideOnly(name: string): Migration {
  const refuse = async (): Promise<never> => {
    throw new TypeError(
      `Expected migration "${name}" to run outside a transaction, as it asks; migrate() on a database does that`,
    )
  }
  return { up: refuse, down: refuse }
}
