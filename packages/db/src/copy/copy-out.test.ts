import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { withTimeout } from '@yuzuru/concurrency'
import { CamelCasePlugin, sql } from 'kysely'
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyIn } from './copy-in.ts'
import { copyOut } from './copy-out.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from '../statements/health.ts'
import type { PgClientLike } from '../wire/pg-client.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  numbers: { n: number; label: string | null }
}

let postgres: PostgresServer
let db: Database<Schema>
let watcher: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  watcher = createDatabase({ url: postgres.url })
  db = createDatabase<Schema>({ url: postgres.url, connections: 1, applicationName: 'copy' })
  await sql`create table numbers as
    select n, case when n % 3 = 0 then null else 'label ' || n end as label
    from generate_series(1, 1000) n`.execute(db)
})

afterAll(async () => {
  await db.close()
  await watcher.close()
  await postgres.close()
})

/** Rows of a kilobyte each, far more than any buffer holds. */
const large = sql<{
  n: number
}>`select n, repeat('x', 1000) as body from generate_series(1, 300000) n`

async function pid(): Promise<unknown> {
  return (await sql`select pg_backend_pid() as pid`.execute(db)).rows[0]
}

/** That the server has stopped, and the same connection is free again. */
async function expectFree(before: unknown): Promise<void> {
  const { rows } = await sql`select state from pg_stat_activity
    where application_name = 'copy' and state <> 'idle'`.execute(watcher)
  expect(rows).toEqual([])
  expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
  expect(await pid()).toEqual(before)
}

describe('copyOut', () => {
  test('gives the rows of a query as the query itself does, and returns their count', async () => {
    const query = db.selectFrom('numbers').selectAll().where('n', '<=', 10).orderBy('n')
    const copied = copyOut(db, query)
    const rows: { n: number; label: string | null }[] = []
    let step = await copied.next()
    for (; step.done !== true; step = await copied.next()) rows.push(step.value)

    expect(rows).toEqual(await query.execute())
    expect(step.value).toEqual({ rows: 10, bytes: expect.any(Number) })
  })

  test('gives all of a table', async () => {
    const seen: number[] = []
    for await (const { n } of copyOut(db, 'numbers')) seen.push(n)
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1))
  })

  test('reads every type as a query does', async () => {
    const query = sql<Record<string, unknown>>`select ${sql.raw(String.raw`
      e'tab\t newline\n return\r backslash\\ \\N \\. \b\f\v 計画' as text, '' as empty, null as nothing,
      9223372036854775807::int8 as big, 1.50::numeric as numeric, 'NaN'::float8 as nan, true as yes,
      '\x00015c'::bytea as bytes, timestamptz '2026-01-02 03:04:05.000006Z' as at,
      date '2026-02-28' as day, '{"a": ["\\", "\t"]}'::jsonb as json, array['a,b', null, '\'] as texts,
      array[1, 2]::int8[] as bigs, interval '1 day 2 hours' as span`)}`
    const rows: unknown[] = []
    for await (const row of copyOut(db, query)) rows.push(row)

    expect(rows).toEqual((await query.execute(db)).rows)
  })

  test('values of the query are not read as SQL', async () => {
    const values = [`'`, `\\'; drop table numbers; --`, 'a\nb', '$1', `E'\\`, '計画']
    for (const on of ['on', 'off']) {
      await transaction(db, async (tx) => {
        await sql`set local standard_conforming_strings = ${sql.raw(on)}`.execute(tx)
        for (const value of values) {
          const rows: unknown[] = []
          for await (const row of copyOut(
            tx,
            sql`select ${value}::text as v, ${1n}::int8 as n, ${null}::text as z`,
          ))
            rows.push(row)
          expect(rows).toEqual([{ v: value, n: 1n, z: null }])
        }
      })
    }
    expect(() => copyOut(db, sql`select ${'a\0b'}`)).toThrow(TypeError)
  })

  test('plugins of Kysely see the query and the rows', async () => {
    const camel = db.withPlugin(new CamelCasePlugin())
    const rows: unknown[] = []
    for await (const row of copyOut(camel, sql`select ${1}::int as ${sql.ref('fooBar')}`))
      rows.push(row)
    expect(rows).toEqual([{ fooBar: 1 }])
  })

  test('gives bytes, which copyIn takes back', async () => {
    const text = (await buffer(copyOut(db, 'numbers', { format: 'csv', header: true }))).toString()
    expect(text.slice(0, 25)).toBe('n,label\n1,label 1\n2,label')
    await sql`create table again (like numbers)`.execute(db)
    const url = postgres.url
    await using other = createDatabase<Schema & { again: Schema['numbers'] }>({ url })
    const source = copyOut(db, 'numbers', { format: 'binary' })

    expect((await copyIn(other, { table: 'again', format: 'binary' }, source)).rows).toBe(1_000)
    const differ = sql`select from numbers full join again using (n) where numbers is distinct from again`
    expect((await differ.execute(db)).rows).toEqual([])
  })

  test('what waits for the loop is not overwritten by what comes after it', async () => {
    const query = sql<{ n: number; body: string }>`
      select n, repeat(md5(n::text), 30) as body from generate_series(1, 20000) n`
    let wrong = 0
    let next = 1
    for await (const { n, body } of copyOut(db, query)) {
      if (n !== next || body !== createHash('md5').update(`${n}`).digest('hex').repeat(30))
        wrong += 1
      next += 1
      if (n % 500 === 0) await sql`select 1`.execute(watcher)
    }
    expect([wrong, next]).toEqual([0, 20_001])
  })

  test('tells how far it is', async () => {
    const told: (number | undefined)[] = []
    const onProgress = ({ rows }: { rows: number | undefined }): unknown => told.push(rows)
    for await (const _row of copyOut(db, 'numbers', { onProgress }));
    expect(told.at(-1)).toBe(1_000)
    const onBytes = ({ rows, bytes }: { rows: number | undefined; bytes: number }): unknown =>
      told.push(rows, bytes)
    for await (const _ of copyOut(db, 'numbers', { format: 'text', onProgress: onBytes }));
    expect(told.at(-2)).toBe(undefined)
    expect(told.at(-1)).toBeGreaterThan(9_000)
  })

  test('reads from the server only as fast as the loop goes on', async () => {
    await using stack = new AsyncDisposableStack()
    const pool = new Pool({ connectionString: postgres.url, max: 1 })
    stack.defer(() => pool.end())
    await using given = createDatabase({ client: pool })
    let socket: Socket | undefined
    pool.on('connect', (client) => {
      const { connection } = client as unknown as PgClientLike
      if (connection?.stream instanceof Socket) socket = connection.stream
    })
    let seen = 0
    let bytesRead: number | undefined
    for await (const _row of copyOut(given, large)) {
      seen += 1
      if (seen < 1_000) continue
      // Time enough for a hundred megabytes; 300 are there to be had.
      for (let turn = 0; turn < 300; turn += 1) await sql`select 1`.execute(watcher)
      // Before the loop is left: what the server has sent until it hears of that is read as well.
      bytesRead = socket?.bytesRead
      break
    }
    expect(bytesRead).toBeGreaterThan(1_000_000)
    expect(bytesRead).toBeLessThan(10_000_000)
  })

  test('a loop that ends early stops the server and gives the connection back', async () => {
    const before = await pid()
    for await (const { n } of copyOut(db, large)) if (n === 3) break
    await expectFree(before)
    const wrong = new Error('enough')
    const failed = (async () => {
      for await (const _ of copyOut(db, large, { format: 'csv' })) throw wrong
    })()
    await expect(failed).rejects.toBe(wrong)
    await expectFree(before)
  })

  test('in a transaction a loop that ends early leaves it usable', async () => {
    await transaction(db, async (tx) => {
      await sql`create temporary table kept (n int) on commit drop`.execute(tx)
      for await (const { n } of copyOut(tx, large)) if (n === 3) break
      await sql`insert into kept values (1)`.execute(tx)
      const seen: unknown[] = []
      for await (const row of copyOut(tx, sql`select n from kept`)) seen.push(row)
      expect(seen).toEqual([{ n: 1 }])
    })
  })

  test('in a transaction nothing else can run on it meanwhile, instead of waiting for ever', async () => {
    await transaction(db, async (tx) => {
      for await (const { n } of copyOut(tx, large)) {
        const busy = { code: 'copy_in_progress', outcome: 'none' }
        await expect(tx.selectFrom('numbers').select('n').execute()).rejects.toMatchObject(busy)
        await expect(transaction(tx, async () => undefined)).rejects.toMatchObject(busy)
        if (n === 1) break
      }
      expect((await tx.selectFrom('numbers').select('n').execute()).length).toBe(1_000)
    })
  })

  test('a deadline stops the server, also while nobody reads', async () => {
    const before = await pid()
    const failed = withTimeout(100, async () => {
      for await (const _row of copyOut(db, large)) await sql`select pg_sleep(60)`.execute(watcher)
    })
    await expect(failed).rejects.toMatchObject({ code: 'timeout' })
    await expectFree(before)
    const slow = withTimeout(50, async () => {
      for await (const _ of copyOut(db, sql`select pg_sleep(60)`, { format: 'text' }));
    })
    await expect(slow).rejects.toMatchObject({ code: 'timeout' })
    await expectFree(before)
  })

  test('a backend that is killed under way fails it, and the pool heals', async () => {
    const failed = (async () => {
      for await (const { n } of copyOut(db, large)) {
        if (n === 1) {
          await sql`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'copy'`.execute(watcher)
        }
      }
    })()
    await expect(failed).rejects.toMatchObject({ code: 'connection_lost', retryable: true })
    expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
  })

  test('an error of the query is a DbError, before or after the first row', async () => {
    const before = await pid()
    const early = copyOut(db, sql`select nothing`)
    await expect(early.next()).rejects.toMatchObject({ code: 'undefined_object' })
    const late = (async () => {
      for await (const _ of copyOut(
        db,
        sql`select 1 / (50000 - n) from generate_series(1, 60000) n`,
      ));
    })()
    await expect(late).rejects.toMatchObject({ code: 'data_exception', sqlState: '22012' })
    await expectFree(before)
  })

  test('an onProgress that throws ends it with that error', async () => {
    const before = await pid()
    const wrong = new Error('enough')
    const onProgress = (): never => {
      throw wrong
    }
    await expect(copyOut(db, large, { onProgress }).next()).rejects.toBe(wrong)
    await expectFree(before)
  })

  test('a generator that is never started takes nothing', async () => {
    await copyOut(db, large).return({ rows: 0, bytes: 0 })
    expect((await health(db)).pool.used).toBe(0)
  })

  test('wrong arguments are refused before anything is sent', () => {
    expect(() => copyOut(db, 7 as never)).toThrow('Expected a table or a query to copy')
    expect(() => copyOut(db, 'numbers', { format: 'xml' } as never)).toThrow(TypeError)
  })
})
