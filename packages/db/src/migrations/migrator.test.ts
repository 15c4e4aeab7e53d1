import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'

// Each run compiles all of this package anew: it takes seconds on a busy machine.
const bin = fileURLToPath(new URL('bin.mjs', import.meta.resolve('kysely-ctl')))

let postgres: PostgresServer
let folder: string
let db: Database<object>
let url: string

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(async () => {
  await postgres.close()
})

/** A project with the sample of the manual: migrations of its own, and those of a package. */
beforeEach(async () => {
  url = await postgres.createDatabase()
  db = createDatabase<object>({ url })
  folder = await mkdtemp(join(tmpdir(), 'kysely-ctl-'))
  await mkdir(join(folder, 'migrations'))
  await migration('0001_plans', 'create table plans (id int)', 'drop table plans')
  const index = JSON.stringify(new URL('../index.ts', import.meta.url).href)
  await writeFile(
    join(folder, 'kysely.config.ts'),
    `import { createDatabase, createMigrator } from ${index}
    const jobs = { yuzuru_jobs_0001_init: {
      up: (db) => db.schema.createTable('jobs').addColumn('id', 'integer').execute(),
      down: (db) => db.schema.dropTable('jobs').execute(),
    } }
    const own = new URL('migrations', import.meta.url).pathname
    export default {
      kysely: () => createDatabase({ url: process.env.DATABASE_URL }),
      migrations: { migrator: (db) => createMigrator(db, [own, jobs]) },
    }`,
  )
  return async () => {
    await db.close()
    await rm(folder, { recursive: true })
  }
})

async function migration(name: string, up: string, down: string): Promise<void> {
  const kysely = JSON.stringify(import.meta.resolve('kysely'))
  const run = (text: string): string => `(db) => db.executeQuery(CompiledQuery.raw('${text}'))`
  await writeFile(
    join(folder, 'migrations', `${name}.mjs`),
    `import { CompiledQuery } from ${kysely}
    export const up = ${run(up)}
    export const down = ${run(down)}`,
  )
}

interface Ran {
  readonly code: number
  readonly output: string
}

/** Runs the real command in a process of its own. */
function kysely(...args: string[]): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    DATABASE_URL: url,
    CI: 'true',
    NO_COLOR: '1',
  }
  const all = [bin, ...args, '--no-outdated-check', '--no-filesystem-caching']
  return new Promise((resolve) => {
    execFile(process.execPath, all, { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr })
    })
  })
}

async function tables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = 'public' and tablename not like 'kysely%' order by name`.execute(db)
  return rows.map(({ name }) => name)
}

describe('kysely-ctl', () => {
  test('lists as a dry run, runs and undoes the composed migrations', async () => {
    const dry = await kysely('migrate', 'list', '--fail-on-pending')
    expect(dry).toMatchObject({ code: 1 })
    expect(dry.output).toContain('[ ] 0001_plans')
    expect(dry.output).toContain('[ ] yuzuru_jobs_0001_init')
    expect(await tables()).toEqual([])

    const latest = await kysely('migrate', 'latest')
    expect(latest).toMatchObject({ code: 0 })
    expect(latest.output).toContain('Ran 2 migrations')
    expect(await tables()).toEqual(['jobs', 'plans'])
    expect((await kysely('migrate', 'list', '--fail-on-pending')).code).toBe(0)

    expect((await kysely('migrate', 'down')).output).toContain('Undone 1 migration')
    expect(await tables()).toEqual(['plans'])
  }, 300_000)

  test('a run that fails tells which migration, and leaves nothing of the others', async () => {
    await migration('0002_wrong', 'create table plans (id int)', 'select 1')

    const { code, output } = await kysely('migrate', 'latest')

    expect(code).toBe(1)
    expect(output).toContain('0002_wrong')
    expect(await tables()).toEqual([])
  }, 300_000)
})
