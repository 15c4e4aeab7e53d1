import { expected, fieldOf } from '@yuzuru/concurrency/boundary'
import type { Migration } from 'kysely/migration'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A migration of Kysely, which may ask for more. */
export interface DbMigration extends Migration {
  /**
   * `false` for what PostgreSQL runs only outside a transaction (`create index concurrently`, `vacuum`,
   * `alter type … add value` that is used at once). It has to bear being run again: when it fails
   * half-way, what it did stays.
   *
   * @default true
   */
  readonly transaction?: boolean | undefined
}

/**
 * Migrations by name, or the folder of their modules: each exports `up`, `down` if it can, and
 * `transaction` if it is to be `false`.
 */
export type MigrationSource = string | Readonly<Record<string, DbMigration>>

const MODULE = /(?<!\.d)\.[cm]?[jt]s$/

/** Puts the sources together. @throws {TypeError} when a name comes twice or a module has no `up` */
export async function collectMigrations(
  sources: MigrationSource | readonly MigrationSource[],
): Promise<Record<string, DbMigration>> {
  const all: Record<string, DbMigration> = {}
  for (const source of isList(sources) ? sources : [sources]) {
    if (typeof source !== 'string' && (typeof source !== 'object' || source === null)) {
      throw expected('sources to be migrations by name, a folder, or a list of these', source)
    }
    const migrations = typeof source === 'string' ? await readFolder(source) : source
    for (const [name, migration] of Object.entries(migrations)) {
      if (typeof migration?.up !== 'function') {
        throw expected(`migration "${name}" to have a function up`, migration)
      }
      if (!['undefined', 'boolean'].includes(typeof migration.transaction)) {
        throw new TypeError(`Expected transaction of migration "${name}" to be a boolean`)
      }
      if (Object.hasOwn(all, name)) {
        throw new TypeError(`Expected each migration once, got "${name}" twice`)
      }
      all[name] = migration
    }
  }
  return all
}

function isList(
  sources: MigrationSource | readonly MigrationSource[],
): sources is readonly MigrationSource[] {
  return Array.isArray(sources)
}

async function readFolder(folder: string): Promise<Record<string, DbMigration>> {
  const files = (await namesIn(folder)).filter((name) => MODULE.test(name))
  const modules = files.map(async (name): Promise<[string, DbMigration]> => {
    const { href } = pathToFileURL(join(folder, name))
    const migration: DbMigration = await import(href)
    return [name.replace(MODULE, ''), migration]
  })
  return Object.fromEntries(await Promise.all(modules))
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const reason = String(fieldOf(error, 'code'))
    throw new TypeError(
      `Expected a folder of migrations at "${resolve(folder)}", got ${reason}: a relative path begins at the current folder; one beside a module is new URL('migrations', import.meta.url).pathname`,
      { cause: error },
    )
  }
}
