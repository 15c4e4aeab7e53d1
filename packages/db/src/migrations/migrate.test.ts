import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { migrate } from './migrate.ts'
import type { DbMigration } from './migration-sources.ts'
import { createMigrator } from './migrator.ts'
import { transaction } from '../transactions/transaction.ts'

let postgres: PostgresServer
let db: Database<object>
let url: string

beforeAll(async () => {
  postgres = await startPostgres()
})

beforeEach(async () => {
  url = await postgres.createDatabase()
  db = createDatabase<object>({ url })
  return () => db.close()
})

afterAll(async () => {
  await postgres.close()
})

function creates(table: string): Migration {
  return { up: (db) => db.schema.createTable(table).addColumn('id', 'integer').execute() }
}

async function tables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
    where schemaname = 'public' and tablename not like 'kysely%' order by name`.execute(db)
  return rows.map(({ name }) => name)
}

describe('migrate', () => {
  test('runs each migration once, by name, and tells which', async () => {
    const first = { '2_b': creates('b'), '1_a': creates('a') }
    expect(await migrate(db, first)).toEqual(['1_a', '2_b'])
    expect(await migrate(db, { ...first, '3_c': creates('c') })).toEqual(['3_c'])
    expect(await migrate(db, { ...first, '3_c': creates('c') })).toEqual([])
    expect(await tables()).toEqual(['a', 'b', 'c'])
  })

  test('says that all sources belong into one call, when what has run is in none of them', async () => {
    const ran = Object.fromEntries(
      ['1_a', '1_b', '1_c', '1_d'].map((name) => [name, creates(name)]),
    )
    await migrate(db, ran)
    const own = { '2_own': creates('own') }
    await expect(migrate(db, own)).rejects.toMatchObject({
      name: 'DbError',
      code: 'migration_failed',
      outcome: 'none',
      message:
        'Nothing was migrated: "1_a", "1_b", "1_c" and 1 more ran before, and are in none of the sources. ' +
        'Give all sources in one call, those of packages too: migrate(db, [jobsMigrations, migrations])',
    })
    expect(await tables()).not.toContain('own')
    expect(await migrate(db, [ran, own])).toEqual(['2_own'])
  })

  test('says where it looked for a folder that is not there', async () => {
    await expect(migrate(db, 'no-such-folder')).rejects.toThrow(
      `Expected a folder of migrations at "${join(process.cwd(), 'no-such-folder')}", got ENOENT`,
    )
  })

  test('composes the migrations of packages with those of the app, whichever came first', async () => {
    const jobs = { yuzuru_jobs_0001_init: creates('jobs') }
    await migrate(db, [jobs])

    expect(await migrate(db, [{ '0001_app': creates('app') }, jobs])).toEqual(['0001_app'])
    await expect(migrate(db, [jobs, { ...jobs }])).rejects.toThrow('"yuzuru_jobs_0001_init" twice')
  })

  test('reads a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
    const up = `export const up = (db) => db.schema.createTable('a').addColumn('id', 'integer').execute()`
    await writeFile(join(folder, '1_a.mjs'), up)
    await writeFile(join(folder, 'notes.md'), 'not one of them')

    expect(await migrate(db, folder)).toEqual(['1_a'])
    expect(await tables()).toEqual(['a'])
    await rm(folder, { recursive: true })
  })

  test('a dry run tells what would run and changes nothing', async () => {
    const all = { '1_a': creates('a'), '2_b': creates('b') }
    expect(await migrate(db, all, { dryRun: true })).toEqual(['1_a', '2_b'])
    expect(await tables()).toEqual([])
    await migrate(db, { '1_a': creates('a') })

    expect(await migrate(db, all, { dryRun: true })).toEqual(['2_b'])
  })

  test('a migration that fails names itself and leaves nothing of the others', async () => {
    const wrong = { '1_a': creates('a'), '2_wrong': creates('a') }

    await expect(migrate(db, wrong)).rejects.toMatchObject({
      code: 'migration_failed',
      outcome: 'none',
      message: expect.stringContaining('2_wrong'),
      cause: { code: 'duplicate_object' },
    })
    expect(await tables()).toEqual([])
  })

  test('what is no migration is refused', async () => {
    await expect(migrate(db, { '1_a': {} as Migration })).rejects.toThrow('to have a function up')
  })

  test('eight processes that start at once run each migration once', async () => {
    await sql`create table runs (name text)`.execute(db)
    const entry = JSON.stringify(new URL('../index.ts', import.meta.url).href)
    const program = `
      import { createDatabase, migrate } from ${entry}
      import { sql } from 'kysely'
      await using db = createDatabase({ url: process.env.DATABASE })
      await sql\`select pg_advisory_lock_shared(1)\`.execute(db)
      const note = (name) => ({ up: (db) => db.insertInto('runs').values({ name }).execute() })
      const ran = await migrate(db, { '1_a': note('a'), '2_b': note('b') })
      process.stdout.write(JSON.stringify(ran))`
    const args = ['--input-type=module', '--eval', program]
    const cwd = import.meta.dirname
    const env = { ...process.env, DATABASE: url, NODE_OPTIONS: '' }

    // None begins before all are there.
    const held = Promise.withResolvers<void>()
    const isHeld = Promise.withResolvers<void>()
    const holder = transaction(db, async (tx) => {
      await sql`select pg_advisory_xact_lock(1)`.execute(tx)
      isHeld.resolve()
      await held.promise
    })
    await isHeld.promise
    const running = Array.from({ length: 8 }, () =>
      promisify(execFile)(process.execPath, args, { cwd, env }),
    )
    const waiting = sql`select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`
    const all = Promise.all(running)
    while (
      (await Promise.race([waiting.execute(db), all.then(() => undefined)]))?.rows.length !== 8
    );
    held.resolve()
    await holder
    const outputs = await all

    const ran = outputs.map(({ stdout }) => stdout).toSorted()
    expect(ran).toEqual(['["1_a","2_b"]', ...Array.from({ length: 7 }, () => '[]')])
    const { rows } = await sql`select name from runs order by name`.execute(db)
    expect(rows).toEqual([{ name: 'a' }, { name: 'b' }])
  })
})

describe('a migration outside a transaction', () => {
  const index: DbMigration = {
    transaction: false,
    async up(on) {
      await sql`drop index concurrently if exists a_id`.execute(on)
      await sql`create index concurrently a_id on a (id)`.execute(on)
    },
  }
  const unique: DbMigration = {
    transaction: false,
    async up(on) {
      await sql`drop index concurrently if exists a_unique`.execute(on)
      await sql`create unique index concurrently a_unique on a (id)`.execute(on)
    },
  }

  async function indexes(): Promise<unknown> {
    const { rows } = await sql`select relname as name, indisvalid as valid from pg_index
      join pg_class on oid = indexrelid where relname like 'a\\_%' order by 1`.execute(db)
    return rows
  }

  test('runs in its place, once', async () => {
    const all = { '1_a': creates('a'), '2_index': index, '3_b': creates('b') }

    expect(await migrate(db, all, { dryRun: true })).toEqual(['1_a', '2_index', '3_b'])
    expect(await migrate(db, all)).toEqual(['1_a', '2_index', '3_b'])
    expect(await migrate(db, { ...all, '4_unique': unique })).toEqual(['4_unique'])
    expect(await migrate(db, { ...all, '4_unique': unique })).toEqual([])
    expect(await tables()).toEqual(['a', 'b'])
    expect(await indexes()).toEqual([
      { name: 'a_id', valid: true },
      { name: 'a_unique', valid: true },
    ])
  })

  test('that fails half-way keeps what was before it, says so, and runs again', async () => {
    const all = { '1_a': creates('a'), '2_unique': unique, '3_b': creates('b') }
    await migrate(db, { '1_a': creates('a') })
    await sql`insert into a values (1), (1)`.execute(db)

    await expect(migrate(db, all)).rejects.toMatchObject({
      code: 'migration_failed',
      outcome: 'unknown',
      retryable: false,
      message: expect.stringMatching(/"2_unique" failed outside a transaction/),
      cause: { code: 'unique_violation' },
    })
    expect(await indexes()).toEqual([{ name: 'a_unique', valid: false }])
    expect(await tables()).toEqual(['a'])
    expect(await migrate(db, all, { dryRun: true })).toEqual(['2_unique', '3_b'])

    await sql`truncate a`.execute(db)
    expect(await migrate(db, all)).toEqual(['2_unique', '3_b'])
    expect(await indexes()).toEqual([{ name: 'a_unique', valid: true }])
  })

  test('makes a failure after it say what is in effect', async () => {
    const all = { '1_a': creates('a'), '2_index': index, '3_wrong': creates('a') }

    await expect(migrate(db, all)).rejects.toMatchObject({
      code: 'migration_failed',
      outcome: 'unknown',
      message: expect.stringContaining('in effect before it: 1_a, 2_index'),
      cause: { code: 'duplicate_object' },
    })
    expect(await migrate(db, all, { dryRun: true })).toEqual(['3_wrong'])
  })

  test.each(['alone', 'after others'])(
    'says unknown when it ran and could not be noted: %s',
    async (where) => {
      await migrate(db, { '0_first': creates('first') })
      await sql`create function refuse() returns trigger language plpgsql as
        $$ begin if new.name = '2_index' then raise exception 'no'; end if; return new; end $$`.execute(
        db,
      )
      await sql`create trigger refuse before insert on kysely_migration
        for each row execute function refuse()`.execute(db)
      await sql`create table a (id int)`.execute(db)
      const others = where === 'alone' ? {} : { '1_b': creates('b') }
      const failing = migrate(db, { '0_first': creates('first'), ...others, '2_index': index })
      await expect(failing).rejects.toMatchObject({ code: 'migration_failed', outcome: 'unknown' })
      expect(await indexes()).toHaveLength(1)
    },
  )

  test('of many that start at once runs once, and none waits for another for ever', async () => {
    let runs = 0
    const counted: DbMigration = {
      transaction: false,
      async up(on) {
        runs += 1
        await index.up(on)
      },
    }
    const all = { '1_a': creates('a'), '2_index': counted }
    const many = Array.from({ length: 4 }, () => createDatabase<object>({ url, connections: 2 }))
    const ran = await Promise.all(many.map((each) => migrate(each, all)))
    await Promise.all(many.map((each) => each.close()))

    expect(runs).toBe(1)
    expect(ran.flat().toSorted()).toEqual(['1_a', '2_index'])
    expect(await indexes()).toEqual([{ name: 'a_id', valid: true }])
  })

  test('is refused where it could not run, before anything has', async () => {
    const all = { '1_a': creates('a'), '2_index': index }
    await using one = createDatabase<object>({ url, connections: 1 })

    await expect(migrate(one, all)).rejects.toThrow('Expected a pool of two connections')
    await expect(transaction(db, (tx) => migrate(tx, all))).rejects.toThrow('Expected a database')
    const { error } = await createMigrator(db, all).migrateToLatest()
    expect(error).toMatchObject({ message: expect.stringContaining('outside a transaction') })
    const wrong = { '1_a': { ...creates('a'), transaction: 'no' as unknown as boolean } }
    await expect(migrate(db, wrong)).rejects.toThrow('Expected transaction of migration "1_a"')
    expect(await tables()).toEqual([])
  })
})
