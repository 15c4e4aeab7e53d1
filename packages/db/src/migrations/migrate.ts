import { Cancelled, type IoOptions } from '@yuzuru/concurrency'
import { expectOptions, oneCall } from '@yuzuru/concurrency/boundary'
import type { Kysely, Transaction } from 'kysely'
import { bindingOf } from '../statements/binding.ts'
import { DbError } from '../wire/db-error.ts'
import { collectMigrations, type DbMigration, type MigrationSource } from './migration-sources.ts'
import { lockedTransaction, migratorOf } from './migrator.ts'
import { noSourceFor } from './no-source.ts'
import type { Queryable } from '../statements/queryable.ts'
import { transaction } from '../transactions/transaction.ts'

/** Options of {@link migrate}. */
export interface MigrateOptions extends IoOptions {
  /** Runs nothing, and returns what would run. @default false */
  readonly dryRun?: boolean | undefined
}

/**
 * Runs the migrations that have not run yet, by name, with Kysely's migrator and its table
 * `kysely_migration`: all of them in one transaction, so that all or none take effect. Processes that
 * start at once wait for each other on a lock that ends with the transaction, also behind PgBouncer.
 *
 * One that says `transaction: false` runs by itself, between two transactions: those before it are
 * committed by then, and a second connection holds the lock. When it fails, what it has done stays, it
 * counts as not run, and the next call runs it again: begin it with what clears the rest away.
 *
 * Give all sources in one call, the app's own and those of packages: what ran once must stay in the
 * list.
 *
 * @returns the names of what ran (or, with `dryRun`, would run), in order
 * @throws {TypeError} when a name comes twice or has no `up`; for `transaction: false` in a `tx`, or with
 *   a pool of one
 * @throws {DbError} `migration_failed` with the cause. With outcome `none` nothing has changed; with
 *   `unknown` all before the one that is named has taken effect, and of that one some. Also when something
 *   has run that is in none of the sources, and others are to run
 * @example
 * await migrate(db, [new URL('migrations', import.meta.url).pathname, jobsMigrations])
 * @example
 * export const transaction = false
 * export async function up(db: Kysely<unknown>): Promise<void> {
 *   await sql`drop index concurrently if exists plans_due_at`.execute(db)
 *   await sql`create index concurrently plans_due_at on plans (due_at)`.execute(db)
 * }
 */
export async function migrate<DB>(
  db: Queryable<DB>,
  sources: MigrationSource | readonly MigrationSource[],
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  expectOptions(options, ['dryRun', 'signal', 'timeoutMs'], 'migrate')
  const { dryRun = false, signal, timeoutMs } = options
  const migrations = await collectMigrations(sources)
  if (dryRun)
    return await lockedTransaction(db, (tx) => pendingOf(tx, migrations), { signal, timeoutMs })
  // Turns before the one that fails have committed, which counts for its failure.
  return await oneCall('migrate', { signal, timeoutMs }, () => runAll(db, migrations))
}

type Migrations = Readonly<Record<string, DbMigration>>

async function pendingOf<DB>(tx: Transaction<DB>, migrations: Migrations): Promise<string[]> {
  const all = await migratorOf(tx, migrations).getMigrations()
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

/** Runs them in turns: as many as one transaction takes, then one outside, if one is next. */
async function runAll<DB>(db: Queryable<DB>, migrations: Migrations): Promise<readonly string[]> {
  const ran: string[] = []
  try {
    for (;;) {
      const next = await runTurn(db, migrations, ran)
      if (next === undefined) return ran
      if (await runOutside(db, next, migrations)) ran.push(next)
    }
  } catch (error) {
    throw ran.length === 0 ? error : failedAfter(ran, error)
  }
}

/** @returns the one that is to run outside a transaction then */
async function runTurn<DB>(
  db: Queryable<DB>,
  migrations: Migrations,
  ran: string[],
): Promise<string | undefined> {
  const turn = await lockedTransaction(db, async (tx) => {
    const pending = await pendingOf(tx, migrations)
    const found = pending.findIndex((name) => migrations[name]?.transaction === false)
    const end = found === -1 ? pending.length : found
    if (found !== -1) expectOutside(db, pending[found] ?? '')
    if (end === 0) return { names: [], next: pending[0] }
    const later = new Set(pending.slice(end))
    return { names: await runThose(tx, without(migrations, later)), next: pending[end] }
  })
  ran.push(...turn.names)
  return turn.next
}

/** A transaction that left nothing says so of itself alone: others went before it. */
function failedAfter(ran: readonly string[], error: unknown): unknown {
  if (!DbError.isInstance(error) || error.code !== 'migration_failed') return error
  return new DbError(`${error.message} (in effect before it: ${ran.join(', ')})`, {
    operation: 'migrate',
    code: 'migration_failed',
    outcome: 'unknown',
    cause: error.cause,
  })
}

/** @returns whether it was still to run when the lock was there */
async function runOutside<DB>(
  db: Queryable<DB>,
  name: string,
  migrations: Migrations,
): Promise<boolean> {
  const holding = { readOnly: true, allowNested: true, attempts: 1 } as const
  return await lockedTransaction(
    db,
    async (tx) => {
      const pending = await pendingOf(tx, migrations)
      if (!pending.includes(name)) return false
      try {
        await migrations[name]?.up(db as Kysely<unknown>)
      } catch (error) {
        throw failedOutside(name, error)
      }
      // Kysely's migrator notes it, as one that does nothing any more.
      const noted = { ...without(migrations, new Set(pending)), [name]: { up: async () => {} } }
      await transaction(db, (on) => runThose(on, noted), { isolation: 'read committed' })
      return true
    },
    holding,
  )
}

function without(migrations: Migrations, names: ReadonlySet<string>): Migrations {
  return Object.fromEntries(Object.entries(migrations).filter(([name]) => !names.has(name)))
}

function expectOutside<DB>(db: Queryable<DB>, name: string): void {
  const { context, transaction, connection } = bindingOf(db)
  const what = `as migration "${name}" runs outside a transaction`
  if (transaction !== undefined || connection !== undefined) {
    throw new TypeError(`Expected a database and no tx, ${what}`)
  }
  if (context.sessions.figures.connections < 2) {
    throw new TypeError(`Expected a pool of two connections or more, ${what}`)
  }
}

async function runThose<DB>(tx: Transaction<DB>, migrations: Migrations): Promise<string[]> {
  const { error, results = [] } = await migratorOf(tx, migrations).migrateToLatest()
  if (error === undefined) return results.map(({ migrationName }) => migrationName)
  const failed = results.find(({ status }) => status === 'Error')
  if (failed === undefined || !(error instanceof Error)) {
    throw await noSourceFor(tx, migrations, error)
  }
  throw new DbError(`Migration "${failed.migrationName}" failed: ${error.message}`, {
    operation: 'migrate',
    code: 'migration_failed',
    outcome: 'none',
    cause: error,
  })
}

function failedOutside(name: string, error: unknown): unknown {
  if (Cancelled.isInstance(error)) return error
  const reason = error instanceof Error ? error.message : 'something that is no error was thrown'
  return new DbError(
    `Migration "${name}" failed outside a transaction, so what it did before stays: ${reason}`,
    { operation: 'migrate', code: 'migration_failed', outcome: 'unknown', cause: error },
  )
}
