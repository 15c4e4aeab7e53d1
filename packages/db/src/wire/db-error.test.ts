import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { IoError } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyIn } from '../copy/copy-in.ts'
import { copyOut } from '../copy/copy-out.ts'
import { stream } from '../rows/stream.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { DbError } from './db-error.ts'

interface Schema {
  readonly searches: { readonly it: string }
  readonly gone: { readonly a: number }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase({ url: postgres.url })
  await sql`create table searches (it tsquery)`.execute(db)
  await sql`create table parents (id int primary key)`.execute(db)
  await sql`create table things (
    id int primary key, parent_id int references parents, "Odd Name" text, email text not null,
    price int check (price > 0), during int4range,
    constraint email_once unique (email, "Odd Name"), exclude using gist (during with &&))`.execute(
    db,
  )
  await sql`insert into things values (1, null, 'x', 'hidden@example.com', 5, '[1,5)')`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows) continue
}

async function errorOf(text: string, ...values: unknown[]): Promise<unknown> {
  const query = sql.join([sql.raw(text), ...values.map((value) => sql`${value}`)], sql` `)
  try {
    return await query.execute(db)
  } catch (error) {
    return error
  }
}

const things = { schema: 'public', table: 'things' }

describe('DbError', () => {
  test.each([
    [
      `insert into things values (2, null, 'x', 'hidden@example.com', 1)`,
      {
        code: 'unique_violation',
        constraint: 'email_once',
        columns: ['email', 'Odd Name'],
        ...things,
      },
    ],
    [
      `insert into things values (2, 77, 'y', 'hidden@example.com', 1)`,
      {
        code: 'foreign_key_violation',
        constraint: 'things_parent_id_fkey',
        columns: ['parent_id'],
        ...things,
      },
    ],
    [
      `insert into things (id, "Odd Name") values (2, 'hidden@example.com')`,
      { code: 'not_null_violation', columns: ['email'], ...things },
    ],
    [
      `insert into things values (2, null, 'y', 'hidden@example.com', -1)`,
      { code: 'check_violation', constraint: 'things_price_check', ...things },
    ],
    [
      `insert into things values (2, null, 'y', 'hidden@example.com', 1, '[2,3)')`,
      { code: 'exclusion_violation', constraint: 'things_during_excl', ...things },
    ],
    [`select 'hidden@example.com'::int`, { code: 'data_exception', sqlState: '22P02' }],
    [`select 1 / 0`, { code: 'data_exception', sqlState: '22012' }],
    [`selec`, { code: 'syntax_error' }],
    [`select * from nothing`, { code: 'undefined_object', sqlState: '42P01' }],
    [`select nothing()`, { code: 'undefined_object', sqlState: '42883' }],
    [`create table things ()`, { code: 'duplicate_object' }],
    [`do 'begin raise exception ''told by us''; end'`, { code: 'raised', message: 'told by us' }],
    [`begin read only; create table t ()`, { code: 'read_only' }],
    [`set role nobody_there`, { sqlState: '22023' }],
    // Each table is a transaction of its own.
    [`vacuum full pg_class, nothing`, { code: 'undefined_object', outcome: 'unknown' }],
  ])('%s', async (text, expected) => {
    const error = await errorOf(text)

    expect(error).toMatchObject({ boundary: 'db', outcome: 'none', retryable: false, ...expected })
    expect(DbError.isInstance(error) && IoError.isInstance(error)).toBe(true)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hidden@example.com')
  })

  test('holds no value of a parameter, however it is printed', async () => {
    const secret = 'hidden@example.com'
    const errors = [
      await errorOf('select 1 where 1 =', secret),
      await errorOf(
        `insert into things (id, "Odd Name", email) select 3, 'x', e from (values (`,
        secret,
      ),
      await sql`insert into things (id, "Odd Name", email) values (4, 'x', ${secret})`
        .execute(db)
        .catch((error: unknown) => error),
      await sql`select ${secret}::date`.execute(db).catch((error: unknown) => error),
    ]

    for (const error of errors) {
      expect(DbError.isInstance(error)).toBe(true)
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
      expect(JSON.stringify(error)).not.toContain(secret)
    }
  })

  /** Statements with a value of which the server's sentence, or its DETAIL, shows more than it seems. */
  const TELLING: Readonly<Record<string, (secret: string) => Promise<unknown>>> = {
    'a search': (secret) => sql`select to_tsquery(${`${secret} & &`})`.execute(db),
    'a search that is a cast': (secret) => sql`select ${`${secret} &`}::tsquery`.execute(db),
    'a search that is too long': (secret) =>
      sql`select ${`${secret}${'x'.repeat(3_000)}`}::tsquery`.execute(db),
    'the name of a table': (secret) => sql`select ${secret}::regclass`.execute(db),
    'a name with dots': (secret) => sql`select ${`a.b.${secret}`}::regclass`.execute(db),
    'the name of a schema': (secret) => sql`select ${secret}::regnamespace`.execute(db),
    'the name of a role': (secret) => sql`select ${secret}::regrole`.execute(db),
    'the name of a function': (secret) => sql`select ${secret}::regproc`.execute(db),
    'the name of a setting': (secret) => sql`select current_setting(${secret})`.execute(db),
    'the name of a database': (secret) => sql`select pg_database_size(${secret})`.execute(db),
    'the name of a file': (secret) => sql`select pg_read_file(${secret})`.execute(db),
    'a JSON path': (secret) => sql`select ${`$.a ${secret}`}::jsonpath`.execute(db),
    'a query that is streamed': (secret) =>
      drain(stream(db.selectNoFrom((eb) => eb.fn('to_tsquery', [eb.val(`${secret} &`)]).as('it')))),
    'a query that is copied out': (secret) =>
      drain(copyOut(db, sql`select to_tsquery(${`${secret} &`}) as it`)),
    'a row that is copied in': (secret) =>
      copyIn(db, { table: 'searches', columns: ['it'] }, [[`${secret} &`]]),
    'a row that looks like the DETAIL of a key': (secret) =>
      sql`insert into things values (9, null, ${`${secret})=(y`}, 'e', -1)`.execute(db),
    'what a function raises': (secret) =>
      sql
        .raw(
          `do $$ begin raise exception using errcode = '23505', message = 'no', detail = 'Who (${secret})=(x)'; end $$`,
        )
        .execute(db),
  }

  test.each(Object.keys(TELLING))('holds no value, and no word of one: %s', async (name) => {
    const secret = 'hidden_at_example'
    const error = await TELLING[name]?.(secret).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DbError)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret)
  })

  test('names what a statement names, also where it has values', async () => {
    for (const text of ['select * from gone where 1 =', 'select gone(1) where 1 =']) {
      await expect(errorOf(text, 1)).resolves.toMatchObject({
        message: expect.stringContaining('gone'),
      })
    }
    await expect(errorOf('drop table gone')).resolves.toMatchObject({
      message: expect.stringContaining('gone'),
    })
    const copied = copyIn(db, { table: 'gone', columns: ['a'] }, [[1]])
    await expect(copied).rejects.toThrow(/gone/)
  })

  test('points at the code that made the query', async () => {
    const error = await sql`selec`.execute(db).catch((it: unknown) => it)

    expect(error instanceof Error ? error.stack : '').toContain('db-error.test.ts')
  })
})
