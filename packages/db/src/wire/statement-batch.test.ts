import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Session } from '../connections/session.ts'
import { StatementBatch } from './statement-batch.ts'
import { valueParsers } from './value-parsers.ts'

const types = valueParsers({})
const { signal } = new AbortController()

let postgres: PostgresServer
let client: Client
let session: Session

beforeAll(async () => {
  postgres = await startPostgres()
  client = new Client({ connectionString: postgres.url, types })
  session = new Session(client, 5_000, true)
  await client.connect()
  await client.query('create table notes (id int primary key, body text)')
})

afterAll(async () => {
  await session.end()
  await postgres.close()
})

function run(batch: StatementBatch): Promise<unknown> {
  return session.batch(batch, signal)
}

async function count(): Promise<unknown> {
  const { rows } = await session.query({ text: 'select count(*) as n from notes', types }, signal)
  return rows[0]?.['n']
}

describe('StatementBatch', () => {
  test('gives the result of its query, and the id', async () => {
    const query = { text: 'select $1::int as a, $2::text as b', values: [1, 'x'], types }
    const batch = new StatementBatch(query, ['begin'], session.transactionIds)

    expect(await run(batch)).toMatchObject({ command: 'SELECT', rows: [{ a: 1, b: 'x' }] })
    expect(batch.completed).toBe(3)
    expect(batch.transactionId).toMatch(/^\d+$/)
    await session.query({ text: 'rollback', types }, signal)
  })

  test('skips its query when a statement before it fails', async () => {
    const query = { text: 'insert into notes values (1)', types }
    const batch = new StatementBatch(query, ['begin', 'set local odd = 1'])

    await expect(run(batch)).rejects.toMatchObject({ code: '42704' })
    expect(batch.completed).toBe(1)
    await session.query({ text: 'rollback', types }, signal)
    expect(await count()).toBe(0n)
  })

  test('sends values as pg does', async () => {
    const values = [
      null,
      undefined,
      'ö\u{1F600}',
      Buffer.from([0, 255]),
      new Uint8Array([1, 2]),
      new Date('2026-01-02T03:04:05.006Z'),
      ['a', null, 'b"c'],
      { a: [1] },
      12345678901234567890n,
      1.5,
      true,
    ]
    const casts = `$1::text, $2::int, $3::text, $4::bytea, $5::bytea, $6::timestamptz, $7::text[],
      $8::jsonb, $9::numeric, $10::float8, $11::bool`
    const text = `select row(${casts})::text as all`

    const [theirs] = (await client.query(text, values)).rows
    const { rows } = await session.query({ text, values, types }, signal)

    expect(rows[0]).toEqual(theirs)
  })

  test('takes more parameters than a signed number counts', async () => {
    const values = Array.from({ length: 40_000 }, (_, index) => index)
    const list = values.map((index) => `$${index + 1}::int`).join()
    const text = `select count(*) as n from unnest(array[${list}])`

    const { rows } = await session.query({ text, values, types }, signal)

    expect(rows).toEqual([{ n: 40_000n }])
  })

  test('fails with the error of a row that can not be read, and the session goes on', async () => {
    const odd = Object.assign([] as [], {
      getTypeParser: () => () => {
        throw new RangeError('odd')
      },
    })
    const query = { text: 'select generate_series(1, $1::int)', values: [3], types: odd }

    await expect(run(new StatementBatch(query))).rejects.toThrow('odd')
    expect(session.reusable).toBe(true)
  })

  test('fails before it is sent when a parameter can not be', async () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    const query = { text: 'select $1::jsonb', values: [circular], types }

    await expect(run(new StatementBatch(query))).rejects.toThrow('circular')
    expect(session.reusable).toBe(true)
  })

  test('refuses COPY from the client instead of waiting for it', async () => {
    for (const before of [[], ['begin']]) {
      const query = { text: 'copy notes from stdin', types }
      await expect(run(new StatementBatch(query, before))).rejects.toMatchObject({ code: '57014' })
      await session.query({ text: 'rollback', types }, signal)
    }
    expect(await count()).toBe(0n)
  })

  test('gives the last result of several statements in one text', async () => {
    const text = `insert into notes values (7, 'x'); select body from notes; select 2 as two`
    const { rows } = await session.query({ text, types }, signal)
    expect(rows).toEqual([{ two: 2 }])
    await session.query({ text: 'delete from notes', types }, signal)
  })

  test.each([
    ['create table made (n int)', 'CREATE', null],
    ['insert into made select generate_series(1, 3)', 'INSERT', 3],
    ['update made set n = 2', 'UPDATE', 3],
    ['select from made', 'SELECT', 3],
    ['set local work_mem = 1024', 'SET', null],
    ['drop table made', 'DROP', null],
  ])('tells what was done and to how many rows: %s', async (text, command, rowCount) => {
    expect(await session.query({ text, types }, signal)).toMatchObject({ command, rowCount })
  })

  test('leaves no clock of query_timeout running', async () => {
    const timed = new Client({ connectionString: postgres.url, query_timeout: 60_000 })
    const own = new Session(timed, 5_000)
    await timed.connect()
    const clocks = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = clocks()

    await own.query({ text: 'select 1', types }, signal)
    await own.query({ text: 'selec', types }, signal).catch(() => undefined)

    // Some other clock may have ended meanwhile.
    expect(clocks()).toBeLessThanOrEqual(before)
    await own.end()
  })

  test('takes empty text', async () => {
    expect(await session.query({ text: '', types }, signal)).toMatchObject({ rows: [] })
    expect(await run(new StatementBatch({ text: '', types }, ['begin']))).toMatchObject({
      rows: [],
    })
    await session.query({ text: 'rollback', types }, signal)
  })
})
