import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { CompiledQuery, sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyOut } from '../copy/copy-out.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  moods: { id: number; all: string[] }
}

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
  await using db = createDatabase({ url: postgres.url })
  await sql`create type mood as enum ('happy', 'so so', 'with, comma')`.execute(db)
  await sql`create domain email as text`.execute(db)
  await sql`create domain work_email as email`.execute(db)
  await sql`create domain amount as int8 check (value >= 0)`.execute(db)
  await sql`create domain mood_list as mood[]`.execute(db)
  await sql`create type place as (x int, y int)`.execute(db)
  await sql`create table moods (id int, "all" mood[])`.execute(db)
  await sql`insert into moods select n, array['happy', null, 'with, comma']::mood[]
    from generate_series(1, 25) n`.execute(db)
})

afterAll(async () => {
  await postgres.close()
})

const makers: Readonly<Record<string, () => Database<Schema>>> = {
  'a pool of our own': () => createDatabase<Schema>({ url: postgres.url }),
  'pipelined reads': () => createDatabase<Schema>({ url: postgres.url, reads: 'pipelined' }),
  'a pool that was passed in': () =>
    createDatabase<Schema>({ client: new Pool({ connectionString: postgres.url, max: 2 }) }),
}

const VALUES: readonly (readonly [expression: string, value: unknown])[] = [
  [`'{happy,"so so",null}'::mood[]`, ['happy', 'so so', null]],
  [`'{{happy},{"with, comma"}}'::mood[]`, [['happy'], ['with, comma']]],
  [`'{a@b.c}'::email[]`, ['a@b.c']],
  [`'{a@b.c}'::work_email[]`, ['a@b.c']],
  [`'{9223372036854775807}'::amount[]`, [9223372036854775807n]],
  [`'{happy}'::mood_list`, ['happy']],
  [`array['{happy,"with, comma"}'::mood_list]`, [['happy', 'with, comma']]],
  [`'{a,b}'::name[]`, ['a', 'b']],
  [`array[row(1, 2)::place]`, ['(1,2)']],
  [`'{1,2}'::oid[]`, [1, 2]],
  [`array['[1,3)'::int4range]`, ['[1,3)']],
  [`array['08:00:2b:01:02:03:04:05'::macaddr8]`, ['08:00:2b:01:02:03:04:05']],
  [`'happy'::mood`, 'happy'],
  [`'{not an array}'::text`, '{not an array}'],
  [`row(1, 2)::place`, '(1,2)'],
  [`'1 2'::int2vector`, '1 2'],
]

describe.each(Object.entries(makers))('the types of a database, in %s', (_, make) => {
  test.each(VALUES)('%s is read', async (expression, value) => {
    await using db = make()
    const query = sql<{ value: unknown }>`select ${sql.raw(expression)} as value, 1 as one`
    const [first, again] = [await query.execute(db), await query.execute(db)]

    expect([first.rows, again.rows]).toEqual([[{ value, one: 1 }], [{ value, one: 1 }]])
  })

  test('are read by every way that rows come', async () => {
    await using db = make()
    const all = ['happy', null, 'with, comma']
    const query = db.selectFrom('moods').selectAll().orderBy('id')
    const rows = Array.from({ length: 25 }, (_each, at) => ({ id: at + 1, all }))

    const inside = await transaction(db, (tx) => tx.executeQuery(query.compile()))
    expect(inside.rows).toEqual(rows)
    const read = await Promise.all([1, 2, 3].map(() => query.execute()))
    expect(read).toEqual([rows, rows, rows])
    const streamed: unknown[] = []
    for await (const row of query.stream(4)) streamed.push(row)
    expect(streamed).toEqual(rows)
    const copied: unknown[] = []
    for await (const row of copyOut(db, query)) copied.push(row)
    expect(copied).toEqual(rows)
    const [added] = await db
      .insertInto('moods')
      .values({ id: 99, all: ['happy'] })
      .returningAll()
      .execute()
    expect(added).toEqual({ id: 99, all: ['happy'] })
    await db.deleteFrom('moods').where('id', '=', 99).execute()
  })
})

test('a type is looked up once, and anew when it was made anew', async () => {
  await using db = createDatabase<Schema>({ url: postgres.url, connections: 1 })
  await using watcher = createDatabase({ url: postgres.url })
  const looked = async (): Promise<number> => {
    const { rows } = await sql<{ n: number }>`select coalesce(seq_scan, 0)::int as n
      from pg_catalog.pg_stat_sys_tables where relname = 'pg_type'`.execute(watcher)
    return rows[0]?.n ?? 0
  }
  const read = async (): Promise<unknown> => {
    const { rows } = await db.executeQuery(CompiledQuery.raw(`select '{a}'::fleeting[] as value`))
    await sql`select pg_stat_force_next_flush()`.execute(db)
    await sql`select 1`.execute(db)
    return rows
  }
  const make = async (): Promise<void> => {
    await sql`drop type if exists fleeting`.execute(db)
    await sql`create type fleeting as enum ('a')`.execute(db)
  }
  await make()
  expect(await read()).toEqual([{ value: ['a'] }])
  const once = await looked()
  for (let turn = 0; turn < 5; turn += 1) expect(await read()).toEqual([{ value: ['a'] }])
  expect(await looked()).toBe(once)

  await make()
  expect(await read()).toEqual([{ value: ['a'] }])
})
