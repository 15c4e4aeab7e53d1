import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { promisify } from 'node:util'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  oneof,
  record,
} from 'fast-check'
import { CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import { prepared } from '../statements/prepared.ts'
import type { Database } from '../database.ts'
import type { OwnPoolOptions } from '../database-options.ts'
import { DbError } from '../wire/db-error.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  notes: { id: number; body: string }
  times: { id: number; at: Date }
}

let postgres: PostgresServer
let url: string
let other: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
})

beforeEach(async () => {
  url = await postgres.createDatabase()
  await using db = open()
  await sql`create table notes (id int primary key, body text not null)`.execute(db)
  await sql`insert into notes select n, 'note ' || n from generate_series(1, 9) n`.execute(db)
  await sql`create function discard_plans() returns void language plpgsql as
    $$ begin execute 'deallocate all'; end $$`.execute(db)
  other = open()
  return () => other.close()
})

afterAll(async () => {
  await postgres.close()
})

/** A database with one connection, so that each statement meets what those before it have prepared. */
function open(options: Partial<OwnPoolOptions> = {}): Database<Schema> {
  return createDatabase<Schema>({ url, connections: 1, ...options })
}

const KEPT = { plan: 'kept' } as const

/** What its connection has prepared, the one that was prepared first first. */
async function keptBy(db: Database<Schema>): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements
    where name like 'yuzuru\\_%' and statement not like '%pg\\_%' order by prepare_time`.execute(db)
  return rows.map(({ statement }) => statement)
}

function all(db: Kysely<Schema>): Promise<unknown[]> {
  return rowsOf(db, sql`select * from notes where id < ${3}::int order by id`)
}

/** Whether statements are declared to be prepared. */
let declares = true

async function rowsOf<Row>(db: Kysely<Schema>, statement: RawBuilder<Row>): Promise<Row[]> {
  const query = statement.compile(db)
  return (await db.executeQuery(declares ? prepared(query) : query)).rows
}

async function times<T>(count: number, fn: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let at = 0; at < count; at += 1) results.push(await fn(at))
  return results
}

const READ = 'select id from notes where id = $1::int'

function read(db: Kysely<Schema>, id: number): Promise<unknown[]> {
  return rowsOf(db, sql`select id from notes where id = ${id}::int`)
}

function add(db: Kysely<Schema>, id: number): Promise<unknown[]> {
  return rowsOf(db, sql`insert into notes (id, body) values (${id}::int, ${`new ${id}`}::text)`)
}

function addBack(db: Kysely<Schema>, id: number): Promise<unknown[]> {
  return rowsOf(
    db,
    sql`insert into notes (id, body) values (${id}::int, ${`new ${id}`}::text) returning *`,
  )
}

describe('a connection', () => {
  test('prepares a statement that comes the third time, and gives what it gave before', async () => {
    await using db = open()
    const found = await times(2, (at) => read(db, at + 1))
    expect(await keptBy(db)).toEqual([])
    // Only now it is asked whether the backend is its own.
    found.push(...(await times(4, (at) => read(db, at + 3))))

    expect(await keptBy(db)).toEqual([READ])
    expect(found).toEqual([1, 2, 3, 4, 5, 6].map((id) => [{ id }]))
  })

  test('prepares what another package declares by a property', async () => {
    await using db = open()
    const declared = (plan: unknown, text: string): Promise<unknown> => {
      const query = { ...CompiledQuery.raw(text, [1]), [Symbol.for('yuzuru.plan')]: plan }
      return db.executeQuery(query)
    }
    await times(4, () => declared('kept', READ))
    await times(4, () => declared('once', `${READ} limit 1`))

    expect(await keptBy(db)).toEqual([READ])
  })

  test('parses it anew after five uses, so that each is planned for its values', async () => {
    await using db = open()
    await times(14, (at) => read(db, at))

    const { rows } = await sql`select generic_plans::int as kept, custom_plans::int as anew
      from pg_prepared_statements where statement = ${READ}`.execute(db)
    expect(rows).toEqual([{ kept: 0, anew: 1 }])
  })

  test('keeps the plan of one that was declared to have one, for a second', async () => {
    using clock = TestClock.install()
    await using db = open()
    const kept = (id: number): Promise<unknown> =>
      db.executeQuery(prepared(sql`select id from notes where id = ${id}::int`.compile(db), KEPT))
    const uses = async (): Promise<unknown> => {
      const { rows } = await sql`select custom_plans::int as anew, generic_plans::int as kept
        from pg_prepared_statements where statement = ${READ}`.execute(db)
      return rows
    }
    await times(14, kept)
    expect(await uses()).toEqual([{ anew: 5, kept: 6 }])
    await clock.advance(1_000)
    await kept(1)
    expect(await uses()).toEqual([{ anew: 1, kept: 0 }])
    expect(() => prepared(sql`select 1`.compile(db), { plan: 'once' } as never)).toThrow(
      "Expected plan to be 'each' or 'kept', got",
    )
  })

  test('prepares nothing that was not declared', async () => {
    await using db = open()
    const undeclared = sql`select id from notes where id = ${1}::int`
    await times(6, () => undeclared.execute(db))
    await times(6, () => db.selectFrom('notes').selectAll().execute())

    expect(await keptBy(db)).toEqual([])
    expect(() => prepared(undeclared as never)).toThrow('Expected a compiled query, got')
  })

  test('keeps so many, and drops the one that was used least lately', async () => {
    await using db = open()
    const one = (n: number): Promise<unknown[]> =>
      rowsOf<unknown>(db, sql`select ${sql.lit(n)} as n, ${n}::int as m`)
    for (let n = 0; n < 100; n += 1) await times(4, () => one(n))
    await one(0)
    await times(4, () => one(100))
    const kept = (await keptBy(db)).map((text) => /select (\d+) as n/.exec(text)?.[1])

    expect(new Set(kept)).toEqual(
      new Set(Array.from({ length: 101 }, (_, n) => `${n}`).filter((n) => n !== '1')),
    )
    expect(await times(101, one)).toEqual(Array.from({ length: 101 }, (_, n) => [{ n, m: n }]))
  })

  test('leaves nothing behind of what fails while it is prepared', async () => {
    await using db = open()
    await times(3, (at) => add(db, 100 + at))
    // Parsed, and refused as it is executed.
    await times(4, async () => {
      await expect(add(db, 1)).rejects.toMatchObject({
        code: 'unique_violation',
        outcome: 'none',
      })
    })
    await times(3, (at) => add(db, 200 + at))

    expect((await keptBy(db)).filter((text) => text.startsWith('insert'))).toHaveLength(1)
    expect(await db.selectFrom('notes').where('id', '>=', 100).select('id').execute()).toHaveLength(
      6,
    )
  })

  test('cancels what it executes, and goes on', async () => {
    await using db = open()
    const sleep = (seconds: number): Promise<unknown> =>
      sql`select pg_sleep(${seconds}::float8) as slept`.execute(db)
    await times(5, () => sleep(0))
    await expect(withTimeout(20, () => sleep(60))).rejects.toBeInstanceOf(TimeoutError)

    expect(await sleep(0)).toMatchObject({ rows: [{ slept: '' }] })
  })
})

describe('what is prepared, once its table has changed', () => {
  test('is read as it is now, outside of a transaction', async () => {
    await using db = open()
    await times(5, () => all(db))
    await sql`alter table notes add column done boolean not null default false`.execute(other)

    expect(await times(4, () => all(db))).toEqual(
      Array.from({ length: 4 }, () => [
        { id: 1, body: 'note 1', done: false },
        { id: 2, body: 'note 2', done: false },
      ]),
    )
  })

  test('costs no transaction', async () => {
    await using db = open()
    const work = (id: number): Promise<unknown> =>
      transaction(db, async (tx) => {
        const before = await all(tx)
        await add(tx, id)
        return [before[0], ...(await addBack(tx, 1_000 + id))]
      })
    await times(6, (at) => work(100 + at))
    expect(await keptBy(db)).toEqual([expect.stringMatching(/^insert .*::text\)$/)])
    await sql`alter table notes alter column body type varchar(100), add column done boolean`.execute(
      other,
    )

    expect(await times(3, (at) => work(200 + at))).toMatchObject(
      [200, 201, 202].map((id) => [
        { id: 1, done: null },
        { id: 1_000 + id, body: `new ${1_000 + id}`, done: null },
      ]),
    )
  })

  test('is a write that is done once', async () => {
    await using db = open()
    await times(5, (at) => addBack(db, 100 + at))
    await sql`alter table notes add column done boolean`.execute(other)

    expect(await addBack(db, 200)).toEqual([{ id: 200, body: 'new 200', done: null }])
    expect(await addBack(db, 201)).toEqual([{ id: 201, body: 'new 201', done: null }])
  })
})

describe('what is prepared, and thrown away', () => {
  const ways = ['deallocate all', 'discard plans', 'discard all', 'select discard_plans()']
  for (const way of ways) {
    test(`by ${way}, is prepared again`, async () => {
      await using db = open()
      await times(5, () => read(db, 1))
      await db.executeQuery(CompiledQuery.raw(way))

      expect(await times(6, () => read(db, 2))).toEqual(
        Array.from({ length: 6 }, () => [{ id: 2 }]),
      )
      expect(await keptBy(db)).toContain(READ)
    })
  }

  test('is used no more once the connection was changed, until it is as new', async () => {
    await using db = open()
    // From now on the server looks there first, and sees no change in where it looks.
    await sql`create temp table scratch (id int)`.execute(db)
    await times(5, () => read(db, 1))
    const hidden = await db.connection().execute(async (held) => {
      await sql`create temp table notes (id int)`.execute(held)
      return await read(held, 1)
    })

    expect(hidden).toEqual([])
    expect(await times(6, () => read(db, 1))).toEqual(Array.from({ length: 6 }, () => [{ id: 1 }]))
    expect(await keptBy(db)).toEqual([READ])
  })
})

test('what fails as it runs is not run again, whatever it fails with', async () => {
  await using db = open()
  await sql`create sequence calls`.execute(other)
  await sql`create function fail() returns int language plpgsql as $$ begin
    perform nextval('calls');
    raise exception 'no' using errcode = '42703'; end $$`.execute(other)
  const call = (fails: boolean): Promise<unknown> =>
    rowsOf(db, sql`select case when ${fails}::boolean then fail() end as it`)
  await times(4, () => call(false))
  await expect(call(true)).rejects.toBeInstanceOf(DbError)

  const { rows } = await sql`select last_value::int as n from calls`.execute(other)
  expect(rows).toEqual([{ n: 1 }])
})

test('a refusal in a transaction costs that one, and none after it', async () => {
  await using db = open()
  const work = (id: number): Promise<unknown> => transaction(db, (tx) => add(tx, id))
  await times(4, (at) => work(100 + at))
  await sql`select discard_plans()`.execute(db)
  await work(200).catch(() => undefined)

  await times(6, (at) => work(300 + at))
  expect(await db.selectFrom('notes').where('id', '>=', 300).select('id').execute()).toHaveLength(6)
})

test('a text that quotes a refusal of the plan is no such refusal: it is not run again', async () => {
  await using db = open()
  await sql`create sequence calls`.execute(other)
  await sql`create function refuse() returns int language plpgsql as $$ begin
    perform nextval('calls');
    raise exception 'cached plan must not change result type' using errcode = '0A000'; end $$`.execute(
    other,
  )
  await times(5, async () => {
    await expect(rowsOf(db, sql`select refuse()`)).rejects.toThrow(DbError)
  })

  const { rows } = await sql`select last_value::int as n from calls`.execute(other)
  expect(rows).toEqual([{ n: 5 }])
})

/** What a statement of the property below is, by its name. */
const STATEMENTS = {
  read,
  readAll: all,
  one: (db: Kysely<Schema>, id: number) =>
    rowsOf(
      db,
      sql`select ${sql.lit(id % 4)} as a, ${id}::int as b, notes.* from notes order by id`,
    ),
  add,
  addBack,
  change: (db: Kysely<Schema>, id: number) =>
    rowsOf(
      db,
      sql`update notes set body = ${`changed ${id}`}::text where id = ${id}::int returning body`,
    ),
  grow: (db: Kysely<Schema>, id: number) =>
    sql.raw(`alter table notes add column if not exists c${id} int default ${id}`).execute(db),
  retype: (db: Kysely<Schema>, id: number) => {
    const type = id % 2 === 0 ? 'text' : `varchar(${id * 100})`
    return sql.raw(`alter table notes alter column body type ${type}`).execute(db)
  },
  discard: (db: Kysely<Schema>) => sql`deallocate all`.execute(db),
  set: (db: Kysely<Schema>) => sql`set work_mem = '7MB'`.execute(db),
}

const NAMES = Object.keys(STATEMENTS) as (keyof typeof STATEMENTS)[]

const AGAIN = ['read', 'readAll', 'one', 'addBack'] as const

interface Statement {
  readonly do: keyof typeof STATEMENTS
  readonly id: number
  readonly inTransaction: boolean
}

/** Three of four are such as come again. */
const statement: Arbitrary<Statement> = record({
  do: oneof(
    { weight: 3, arbitrary: constantFrom(...AGAIN) },
    { weight: 1, arbitrary: constantFrom(...NAMES) },
  ),
  id: integer({ min: 1, max: 12 }),
  inTransaction: constantFrom(false, false, true),
})

async function resultsOf(statements: readonly Statement[]): Promise<unknown[]> {
  const own = await postgres.createDatabase()
  await using db = createDatabase<Schema>({ url: own, connections: 1 })
  await sql`create table notes (id int primary key, body text not null)`.execute(db)
  const seen: unknown[] = []
  for (const each of statements) {
    const run = (on: Kysely<Schema>): Promise<unknown> => STATEMENTS[each.do](on, each.id)
    const answer = each.inTransaction ? transaction(db, run) : run(db)
    seen.push(await answer.catch((error: unknown) => (error as DbError).code))
  }
  return seen
}

test('what is prepared changes no result: with it and without it all statements give the same', async () => {
  await assert(
    asyncProperty(array(statement, { minLength: 30, maxLength: 120 }), async (statements) => {
      declares = false
      const plain = await resultsOf(statements).finally(() => (declares = true))
      expect(await resultsOf(statements)).toEqual(plain)
    }),
    { numRuns: 5 },
  )
})

/** What a pooler that shares out backends does: each client gets a process id of the pooler's own making. */
async function startPooler(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((client) => {
    const backend = connect(postgres.port, postgres.host)
    let isStarting = true
    client.on('data', (data) => void backend.write(data)).on('error', () => backend.destroy())
    backend.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => backend.destroy())
    backend.on('data', (data: Buffer) => {
      const at = isStarting ? data.indexOf(BACKEND_KEY_DATA) : -1
      if (at >= 0) data.writeInt32BE(4_711, at + BACKEND_KEY_DATA.length)
      if (at >= 0) isStarting = false
      client.write(data)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: () => promisify(server.close.bind(server))() }
}

/** Its kind and its length; then come the process id and the secret. */
const BACKEND_KEY_DATA = Buffer.from('4b0000000c', 'hex')

test('behind a pooler that shares out backends nothing is prepared', async () => {
  await using pooler = await startPooler()
  const there = new URL(url)
  there.port = String(pooler.port)
  await using db = open({ url: there.href })

  expect(await times(8, () => read(db, 3))).toEqual(Array.from({ length: 8 }, () => [{ id: 3 }]))
  expect(await keptBy(db)).toEqual([])
})
