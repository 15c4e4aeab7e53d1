import type { Migration } from 'kysely/migration'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Migrations by name, or the folder of their modules: each exports `up`, and `down` if it can. */
export type MigrationSource = string | Readonly<Record<string, Migration>>

const MODULE = /(?<!\.d)\.[cm]?[jt]s$/

/** Puts the sources together. @throws {TypeError} when a name comes twice or a module has no `up` */
export async function collectMigrations(
  sources: MigrationSource | readonly MigrationSource[],
): Promise<Record<string, Migration>> {
  const all: Record<string, Migration> = {}
  for (const source of isList(sources) ? sources : [sources]) {
    const migrations = typeof source === 'string' ? await readFolder(source) : source
    for (const [name, migration] of Object.entries(migrations)) {
      if (typeof migration?.up !== 'function') {
        throw new TypeError(`Expected migration "${name}" to have a function up`)
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

async function readFolder(folder: string): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((name) => MODULE.test(name))
  const modules = files.map(async (name): Promise<[string, Migration]> => {
    const { href } = pathToFileURL(join(folder, name))
    const migration: Migration = await import(href)
    return [name.replace(MODULE, ''), migration]
  })
  return Object.fromEntries(await Promise.all(modules))
}
