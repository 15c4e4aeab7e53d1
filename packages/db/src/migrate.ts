import type { IoOptions } from '@yuzuru/concurrency'
import type { Migrator } from 'kysely/migration'
import { DbError } from './db-error.ts'
import { collectMigrations, type MigrationSource } from './migration-sources.ts'
import { lockedTransaction, migratorOf } from './migrator.ts'
import type { Queryable } from './queryable.ts'

export interface MigrateOptions extends IoOptions {
  /** Only tells what would run. @default false */
  readonly dryRun?: boolean
}

/**
 * Runs the migrations that have not run yet, by name, with Kysely's migrator and its table
 * `kysely_migration`: all of them in one transaction, so that all or none take effect. Processes that
 * start at once wait for each other on a lock that ends with the transaction, also behind PgBouncer.
 *
 * Give all sources in one call, the app's own and those of packages: what ran once must stay in the
 * list. Not covered: statements that can't run in a transaction (`create index concurrently`).
 *
 * @returns the names of what ran (or, with `dryRun`, would run), in order
 * @throws {TypeError} when a name comes twice or has no `up`
 * @throws {DbError} `migration_failed` with the cause; nothing has changed then
 * @example
 * await migrate(db, [new URL('migrations', import.meta.url).pathname, jobsMigrations])
 */
export async function migrate<DB>(
  db: Queryable<DB>,
  sources: MigrationSource | readonly MigrationSource[],
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const { dryRun = false, ...limits } = options
  const migrations = await collectMigrations(sources)
  return await lockedTransaction(
    db,
    (tx) => {
      const migrator = migratorOf(tx, migrations)
      return dryRun ? pendingOf(migrator) : runAll(migrator)
    },
    limits,
  )
}

async function pendingOf(migrator: Migrator): Promise<string[]> {
  const migrations = await migrator.getMigrations()
  return migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

async function runAll(migrator: Migrator): Promise<string[]> {
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error === undefined) return results.map(({ migrationName }) => migrationName)
  const failed = results.find(({ status }) => status === 'Error')
  if (failed === undefined || !(error instanceof Error)) throw error
  throw new DbError(`Migration "${failed.migrationName}" failed: ${error.message}`, {
    operation: 'migrate',
    code: 'migration_failed',
    outcome: 'none',
    cause: error,
  })
}
