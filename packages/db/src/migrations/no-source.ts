import { sql, type Transaction } from 'kysely'
import { DbError } from '../wire/db-error.ts'

/** How many are named; the others are counted. */
const NAMED = 3

/**
 * What Kysely's migrator calls corrupted: something has run that is in none of the sources. Mostly it was in
 * those of another call, so the error says that there is to be one call.
 *
 * @param error what the migrator gave before it ran anything
 * @returns the error that says so, or `error` itself when it is about something else
 */
export async function noSourceFor<DB>(
  tx: Transaction<DB>,
  migrations: object,
  error: unknown,
): Promise<unknown> {
  if (DbError.isInstance(error)) return error
  const ran = sql<{ name: string }>`select name from kysely_migration order by name`
  const { rows } = await ran.execute(tx.withoutPlugins())
  const missing = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name))
  if (missing.length === 0) return error
  const named = missing.slice(0, NAMED).map((name) => `"${name}"`)
  const rest = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  return new DbError(
    `Nothing was migrated: ${named.join(', ')}${rest} ran before, and ${missing.length === 1 ? 'is' : 'are'} in none of ` +
      'the sources. Give all sources in one call, those of packages too: migrate(db, [jobsMigrations, migrations])',
    { operation: 'migrate', code: 'migration_failed', outcome: 'none', cause: error },
  )
}
