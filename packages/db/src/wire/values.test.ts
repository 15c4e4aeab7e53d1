import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { runInNewContext } from 'node:vm'
import { types } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { PreciseDate } from './instant.ts'
import { json } from './parameter.ts'

interface Schema {
  documents: { id: number; body: unknown }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url })
  await sql`create table documents (id int, body jsonb)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

/** What an SQL expression becomes. */
async function read(expression: string, from: Database<Schema> = db): Promise<unknown> {
  const query = sql<{ value: unknown }>`select ${sql.raw(expression)} as value`
  return (await query.execute(from)).rows[0]?.value
}

/** A value sent as a parameter of this type, and what the server made of it, as text. */
async function send(value: unknown, type: string): Promise<unknown> {
  const query = sql<{ text: string }>`select (${value}::${sql.raw(type)})::text as text`
  return (await query.execute(db)).rows[0]?.text
}

describe('values', () => {
  test.each([
    ['9223372036854775807::int8', 9223372036854775807n],
    ['count(*)', 1n],
    ["'{1,null,-2}'::int8[]", [1n, null, -2n]],
    ["'{{1},{2}}'::int8[]", [[1n], [2n]]],
    ['1::int4', 1],
    ['0.1::numeric + 0.2', '0.3'],
    ["'{0.10,null}'::numeric[]", ['0.10', null]],
    ["date '2026-02-28'", '2026-02-28'],
    ["array[date '2026-02-28', null]", ['2026-02-28', null]],
    ["timestamp '2026-02-28 01:02:03.123456'", '2026-02-28 01:02:03.123456'],
    ["timestamptz '2026-02-28 01:02:03.123+09'", new Date('2026-02-27T16:02:03.123Z')],
    ["array[timestamptz '2026-02-28 01:02:03Z']", [new Date('2026-02-28T01:02:03Z')]],
    ['null::int8', null],
    ['true', true],
    ['\'{"a":[1,null]}\'::jsonb', { a: [1, null] }],
    ['array[\'{"a":1}\'::jsonb]', [{ a: 1 }]],
    ['\'{a,"b c"}\'::text[]', ['a', 'b c']],
    ["'\\x00ff'::bytea", Buffer.from([0, 255])],
  ])('%s is read exactly', async (expression, expected) => {
    expect(await read(expression)).toEqual(expected)
  })

  test('int8 becomes a number on request, and never a rounded one', async () => {
    await using db = createDatabase<Schema>({ url: postgres.url, int8: 'number' })

    expect(await read('9007199254740991::int8', db)).toBe(9007199254740991)
    await expect(read('9007199254740992::int8', db)).rejects.toThrow('exactly')
    expect(await read('1', db)).toBe(1)
  })

  test('a timestamptz keeps its microseconds there and back', async () => {
    const value = await read("timestamptz '2026-02-28 01:02:03.123456+05:30'")

    expect(value).toBeInstanceOf(PreciseDate)
    expect(value).toMatchObject({ microseconds: 456 })
    expect(await send(value, 'timestamptz')).toBe(
      await read("(timestamptz '2026-02-28 01:02:03.123456+05:30')::text"),
    )
  })

  test('times become Temporal on request, there and back; where Node has none that is refused', async () => {
    if (!('Temporal' in globalThis)) {
      expect(() => createDatabase({ url: postgres.url, temporal: true })).toThrow('with Temporal')
      return
    }
    await using db = createDatabase<Schema>({ url: postgres.url, temporal: true })
    const instant = await read("timestamptz '2026-02-28 01:02:03.123456Z'", db)
    const day = await read("date '2026-02-28'", db)
    const local = await read("timestamp '2026-02-28 01:02:03.000001'", db)

    expect([instant, day, local].map(String)).toEqual([
      '2026-02-28T01:02:03.123456Z',
      '2026-02-28',
      '2026-02-28T01:02:03.000001',
    ])
    expect(await send(local, 'timestamp')).toBe('2026-02-28 01:02:03.000001')
    expect(await send(day, 'date')).toBe('2026-02-28')
    expect(await read("timestamptz 'infinity'", db)).toBe('infinity')
  })

  test('arrays and other JSON round-trip through jsonb', async () => {
    const bodies = [[1, 2], ['a'], [], [{ a: 1 }], { a: [1] }, 'text', 1, true, null]
    await db
      .insertInto('documents')
      .values(bodies.map((body, id) => ({ id, body: json(body) })))
      .execute()

    const rows = await db.selectFrom('documents').select('body').orderBy('id').execute()
    expect(rows.map(({ body }) => body)).toEqual(bodies)
  })

  test('what is no JSON is refused before it is sent', () => {
    expect(() => json(undefined)).toThrow('Expected JSON, got undefined')
  })

  test('what only looks like nothing is sent as what it is', async () => {
    class Empty {
      readonly kind: string | undefined = undefined
    }
    const bytes = new Uint8Array([0, 255]).buffer
    expect(await send(bytes, 'bytea')).toBe('\\x00ff')
    expect(await send([bytes], 'bytea[]')).toBe('{"\\\\x00ff"}')
    expect(await send(new SharedArrayBuffer(1), 'bytea')).toBe('\\x00')
    for (const empty of [{}, Object.create(null), runInNewContext('({})'), new Empty()]) {
      expect(await send(empty, 'jsonb')).toBe('{}')
    }
    expect(await send('\u{1f338}', 'text')).toBe('\u{1f338}')
  })

  test('text with half a surrogate pair is refused before it is sent', async () => {
    const failing = sql`select ${sql.lit('\ud800')} as it`.execute(db)
    await expect(failing).rejects.toThrow(/to be well-formed/)
  })

  test('arrays, bigints, dates and bytes are sent as what they are', async () => {
    expect(await send([1n, null], 'int8[]')).toBe('{1,NULL}')
    expect(await send(9223372036854775807n, 'int8')).toBe('9223372036854775807')
    expect(await send(Buffer.from([0, 255]), 'bytea')).toBe('\\x00ff')
    const { rows } =
      await sql`select ${new Date(0)}::timestamptz = to_timestamp(0) as same`.execute(db)
    expect(rows).toEqual([{ same: true }])
  })

  test("pg's own parsers are left alone", () => {
    expect(types.getTypeParser(types.builtins.INT8)('1')).toBe('1')
  })
})
