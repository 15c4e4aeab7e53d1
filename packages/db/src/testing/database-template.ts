import { sql } from 'kysely'
import { randomBytes } from 'node:crypto'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'

/** A database of one test's own; disposing of it drops it. */
export interface ThrowawayDatabase extends AsyncDisposable {
  readonly url: string
  drop(): Promise<void>
}

/** A database that was prepared once and is copied for each test. */
export interface DatabaseTemplate extends AsyncDisposable {
  /** Makes a copy. */
  create(): Promise<ThrowawayDatabase>
  /** Drops the template. Copies stay. */
  close(): Promise<void>
}

/**
 * Prepares a database once (migrations, rows that all tests share) and copies it for each test file, in
 * a few dozen milliseconds. `url` must be of a role that may create databases.
 *
 * @example
 * const template = await databaseTemplate(postgres.url, (db) => migrate(db, migrations))
 * await using copy = await template.create()
 * await using db = createDatabase<Schema>({ url: copy.url })
 */
export async function databaseTemplate(
  url: string,
  prepare: (db: Database<unknown>) => unknown,
): Promise<DatabaseTemplate> {
  const admin = createDatabase({ url, connections: 2 })
  const name = `template_${randomBytes(8).toString('hex')}`
  await sql`create database ${sql.id(name)}`.execute(admin)
  const drop = async (name: string): Promise<void> => {
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin)
  }
  try {
    // Copying waits until no connection is left, so the template's own connections end first.
    await using db = createDatabase({ url: urlOf(url, name) })
    await prepare(db)
  } catch (error) {
    await drop(name)
    await admin.close()
    throw error
  }
  const close = async (): Promise<void> => {
    await drop(name)
    await admin.close()
  }
  return {
    async create() {
      const copy = `test_${randomBytes(8).toString('hex')}`
      await sql`create database ${sql.id(copy)} template ${sql.id(name)}`.execute(admin)
      // Copies outlive the template, so each drops itself on a connection of its own.
      const dropCopy = async (): Promise<void> => {
        await using own = createDatabase({ url, connections: 1 })
        await sql`drop database if exists ${sql.id(copy)} with (force)`.execute(own)
      }
      return { url: urlOf(url, copy), drop: dropCopy, [Symbol.asyncDispose]: dropCopy }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function urlOf(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}
