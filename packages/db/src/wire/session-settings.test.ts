import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { copyOut } from '../copy/copy-out.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { transaction } from '../transactions/transaction.ts'
import { valueParsers } from '../wire/value-parsers.ts'

/** What a server, a database or a role may be set to that changes how values are written or read. */
const settings: readonly (readonly [name: string, value: string])[] = [
  ['DateStyle', 'SQL, DMY'],
  ['DateStyle', 'Postgres, MDY'],
  ['DateStyle', 'German'],
  ['IntervalStyle', 'postgres_verbose'],
  ['IntervalStyle', 'sql_standard'],
  ['IntervalStyle', 'iso_8601'],
  ['TimeZone', 'Asia/Kolkata'],
  ['TimeZone', 'Europe/Amsterdam'],
  ['bytea_output', 'escape'],
  ['extra_float_digits', '-15'],
  ['extra_float_digits', '3'],
  ['array_nulls', 'off'],
  ['client_encoding', 'EUC_JP'],
  ['standard_conforming_strings', 'off'],
]

const values = sql<Record<string, unknown>>`select
  timestamptz '2026-01-31 03:04:05.000006Z' as at,
  timestamptz '1900-01-31 03:04:05.000006Z' as long_ago,
  array[timestamptz '2026-01-31 03:04:05Z', null] as ats,
  date '2026-01-31' as day, array[date '2026-01-31'] as days,
  timestamp '2026-01-31 03:04:05.5' as local,
  interval '1 year 2 months -3 days 4 hours 5.678 seconds' as long,
  array[interval '-4 hours'] as longs, interval '0' as none,
  decode('00ff5c2741', 'hex') as bytes, array[decode('00ff5c', 'hex')] as chunks,
  0.1::float8 + 0.2::float8 as sum, array[0.1::float4] as parts, point '(0.1,0.30000000000000004)' as p,
  '日本 ''''' as words`

let postgres: PostgresServer
let usual: unknown

async function read(db: Database<unknown>): Promise<unknown> {
  const { rows } = await values.execute(db)
  const written =
    await sql`select ${[null, 'a']}::text[] as list, ${new Date(0)}::timestamptz as at,
    ${new Date(0)}::date - date '1970-01-01' as days, ${'back\\slash'} as words,
    ${Buffer.from([0, 92, 255])}::bytea as bytes`.execute(db)
  const copied: unknown[] = []
  for await (const row of copyOut(db, values)) copied.push(row)
  const lit = await sql`select ${sql.lit("back\\slash 'quoted'")} as words`.execute(db)
  return [rows, written.rows, copied, lit.rows]
}

beforeAll(async () => {
  postgres = await startPostgres()
  await using db = createDatabase({ url: postgres.url })
  usual = await read(db)
})

afterEach(async () => {
  await using db = createDatabase({ url: postgres.url })
  await sql`alter role current_user reset all`.execute(db)
})

afterAll(async () => {
  await postgres.close()
})

describe.each(settings)('a role with %s = %s', (name, value) => {
  async function setUp(): Promise<void> {
    await using db = createDatabase({ url: postgres.url })
    await sql`alter role current_user set ${sql.raw(name)} = ${sql.lit(value)}`.execute(db)
  }

  test('reads and writes every value as any other', async () => {
    await setUp()
    await using db = createDatabase({ url: postgres.url })

    expect(await read(db)).toEqual(usual)
  })

  test('reads them so through a pool that was passed in, or says that it can not', async () => {
    await setUp()
    const pool = new Pool({ connectionString: postgres.url })
    await using db = createDatabase({ client: pool })
    const found = await values.execute(db).catch((error: unknown) => error)
    await pool.end()

    if (found instanceof Error) expect(found.message).toMatch(/DateStyle|IntervalStyle/)
    // What it may lose is told in the manual: nothing shows in a float that digits are missing.
    else if (value !== '-15')
      expect((found as { rows: unknown }).rows).toEqual((usual as unknown[])[0])
  })
})

describe('a value in another style', () => {
  test.each([
    ['datestyle', 'sql', "timestamptz '2026-01-31Z'"],
    ['datestyle', 'postgres', "timestamptz '2026-01-31Z'"],
    ['datestyle', 'german', "array[timestamptz '2026-01-31Z']"],
    ['datestyle', 'sql', "date '2026-01-31'"],
    ['datestyle', 'postgres', "timestamp '2026-01-31'"],
    ['intervalstyle', 'iso_8601', "interval '1 day'"],
    ['intervalstyle', 'sql_standard', "interval '1 day 2 hours'"],
    ['intervalstyle', 'postgres_verbose', "array[interval '1 day']"],
  ])('after set %s = %s is refused and never null: %s', async (name, value, expression) => {
    await using db = createDatabase({ url: postgres.url })
    await db.connection().execute(async (one) => {
      await sql`set ${sql.raw(name)} = ${sql.raw(value)}`.execute(one)
      const failed = sql`select ${sql.raw(expression)} as value`.execute(one)

      await expect(failed).rejects.toThrow(/DateStyle|IntervalStyle/)
      await expect(failed).rejects.not.toThrow(/2026/)
    })
  })

  test.each([
    ["timestamptz '0044-03-15 12:00:00Z BC'", new Date('-000043-03-15T12:00:00Z')],
    ["timestamptz '12026-01-31 00:00:00Z'", new Date('+012026-01-31T00:00:00Z')],
    ["timestamptz 'infinity'", Infinity],
    ["timestamptz '-infinity'", -Infinity],
    ["date '0044-03-15 BC'", '0044-03-15 BC'],
    ["timestamp 'infinity'", 'infinity'],
  ])('that only looks strange is read: %s', async (expression, expected) => {
    await using db = createDatabase({ url: postgres.url })
    const { rows } = await sql`select ${sql.raw(expression)} as value`.execute(db)

    expect(rows).toEqual([{ value: expected }])
  })
})

test('an infinite interval, which PostgreSQL has from 17 on, is no interval of nothing', () => {
  const parse = valueParsers({}).getTypeParser(1186)

  expect(['infinity', '-infinity'].map((text) => parse(text))).toEqual(['infinity', '-infinity'])
  for (const text of ['', 'P1D', '0', '1-2', '@ 1 day', '3 4:05:06']) {
    expect(() => parse(text)).toThrow(RangeError)
  }
})

describe('a pooler that refuses settings at the start', () => {
  test('is asked again without them, once', async () => {
    const seen: boolean[] = []
    await using pooler = await refuseSettings(postgres, (refused) => seen.push(refused))
    const url = new URL(postgres.url)
    url.port = String(pooler.port)
    await using db = createDatabase({ url: url.href, connections: 2 })

    await Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.01)`.execute(db)))
    await transaction(db, (tx) => sql`select 1`.execute(tx))

    expect(seen.filter((refused) => !refused)).toHaveLength(2)
    expect(seen.filter((refused) => refused).length).toBeLessThanOrEqual(2)
  })
})

interface Pooler extends AsyncDisposable {
  readonly port: number
}

/** Stands between, and answers as PgBouncer does to a setting that it does not know. */
async function refuseSettings(
  { url }: PostgresServer,
  told: (refused: boolean) => void,
): Promise<Pooler> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client.on('error', () => client.destroy()))
    client.once('data', (startup) => {
      const refused = startup.includes('extra_float_digits')
      told(refused)
      if (refused) {
        const fields = Buffer.from(
          'SFATAL\0C08P01\0Munsupported startup parameter: extra_float_digits\0\0',
        )
        const head = Buffer.from('E\0\0\0\0')
        head.writeInt32BE(fields.length + 4, 1)
        client.end(Buffer.concat([head, fields]))
        return
      }
      const behind = connect(Number(port), hostname)
      sockets.add(behind.on('error', () => client.destroy()))
      behind.write(startup)
      client.pipe(behind).pipe(client)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
