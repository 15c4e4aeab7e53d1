import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { TestClock } from '@yuzuru/concurrency/testing'
import {
  Cancelled,
  detached,
  outcomeOf,
  sleep,
  TimeoutError,
  withTimeout,
} from '@yuzuru/concurrency'
import { type Generated, sql } from 'kysely'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyIn } from './copy-in.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from '../statements/health.ts'
import { PreciseDate } from '../wire/instant.ts'
import { json } from '../wire/parameter.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  plans: { id: number; name: string | null; note: Generated<string> }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, connections: 2, applicationName: 'copy' })
})

beforeEach(async () => {
  await sql`drop table if exists plans`.execute(db)
  await sql`create table plans (
    id int primary key, name text check (name <> 'refused'), note text default 'none'
  )`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

const into = { table: 'plans', columns: ['id', 'name'] } as const

async function count(): Promise<number> {
  return (await db.selectFrom('plans').select('id').execute()).length
}

function* rows(from: number, to: number): Generator<[number, string]> {
  for (let id = from; id <= to; id += 1) yield [id, `plan ${id}`]
}

/** That nothing was loaded, and the connection is as good as new. */
async function expectNothing(): Promise<void> {
  expect(await count()).toBe(0)
  expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
  const { rows: busy } = await sql`select query from pg_stat_activity
    where application_name = 'copy' and state <> 'idle' and pid <> pg_backend_pid()`.execute(db)
  expect(busy).toEqual([])
}

describe('copyIn', () => {
  test('loads arrays and objects, and leaves the other columns their defaults', async () => {
    const loaded = await copyIn(db, into, [[1, 'a'], { name: null, id: 2 }])

    expect(loaded).toEqual({ rows: 2, bytes: 9 })
    expect(await db.selectFrom('plans').selectAll().orderBy('id').execute()).toEqual([
      { id: 1, name: 'a', note: 'none' },
      { id: 2, name: null, note: 'none' },
    ])
  })

  test('loads from an async source, and tells how far it is', async () => {
    const told: (number | undefined)[] = []
    async function* source(): AsyncGenerator<[number, string]> {
      for (const row of rows(1, 20_000)) yield row
    }
    const loaded = await copyIn(db, into, source(), {
      onProgress: ({ rows, bytes }) => told.push(rows, bytes),
    })

    expect(loaded.rows).toBe(20_000)
    expect(told.slice(-2)).toEqual([20_000, loaded.bytes])
    expect(told.length).toBeGreaterThan(8)
    expect(await count()).toBe(20_000)
  })

  test('loads bytes as they are: text, CSV and what a stream of Node gives', async () => {
    const csv = { table: 'plans', format: 'csv', header: true, delimiter: ';' } as const
    await copyIn(db, csv, ['id;name;note\n1;"a;', 'b";x\n2;;y\n'])
    await copyIn(
      db,
      { table: 'plans', format: 'text', nullText: '-' },
      Readable.from(['3\t-\t-\n']),
    )

    expect(await db.selectFrom('plans').selectAll().orderBy('id').execute()).toEqual([
      { id: 1, name: 'a;b', note: 'x' },
      { id: 2, name: null, note: 'y' },
      { id: 3, name: null, note: null },
    ])
  })

  test('every value arrives as it does as a parameter', async () => {
    const values: Record<string, [type: string, value: unknown]> = {
      text: ['text', 'tab\t newline\n return\r backslash\\ \\N \\. quote\'" \b\f\v 計画 🗓'],
      empty: ['text', ''],
      null: ['text', null],
      int8: ['int8', 9223372036854775807n],
      numeric: ['numeric', '12345678901234567890.123456789'],
      float: ['float8', 0.1 + 0.2],
      nan: ['float8', NaN],
      bool: ['bool', true],
      bytes: ['bytea', Buffer.from([0, 1, 92, 255, 10, 9])],
      date: ['timestamptz', new Date('2026-02-28T12:34:56.789Z')],
      local: ['timestamp', new Date('2026-02-28T12:34:56.789Z')],
      old: ['timestamptz', new Date('0001-03-01T00:00:00Z')],
      beforeChrist: ['timestamptz', new Date('-000043-03-15T00:00:00Z')],
      precise: ['timestamptz', new PreciseDate(Date.parse('2026-02-28T12:34:56.789Z'), 12)],
      day: ['date', '2026-02-28'],
      jsonObject: ['jsonb', { a: ['\\', '\t', null], b: { c: 'é' } }],
      jsonArray: ['jsonb', json([1, 'two', { three: null }])],
      texts: ['text[]', ['a,b', '"', '\\', 'NULL', '', null, '\t\n', '{}']],
      numbers: ['int8[]', [1n, null, -3n]],
      nested: [
        'text[]',
        [
          ['a', 'b'],
          ['c', null],
        ],
      ],
      byteas: ['bytea[]', [Buffer.from([92, 0]), Buffer.from('x')]],
      dates: ['timestamptz[]', [new Date('2026-02-28T12:34:56.789Z')]],
      none: ['int[]', []],
    }
    const names = Object.keys(values)
    const columns = sql.join(
      names.map((name) => sql`${sql.ref(name)} ${sql.raw(values[name]?.[0] ?? '')}`),
    )
    const url = await postgres.createDatabase()
    await using own = createDatabase<{ kinds: Record<string, unknown> }>({ url })
    await sql`create table kinds (${columns})`.execute(own)
    const row = names.map((name) => values[name]?.[1])

    await own
      .insertInto('kinds')
      .values(Object.fromEntries(names.map((name, at) => [name, row[at]])))
      .execute()
    await copyIn(own, { table: 'kinds', columns: names }, [row])

    const [inserted, copied] = await own.selectFrom('kinds').selectAll().execute()
    expect(copied).toEqual(inserted)
    const { rows: same } = await sql`select distinct * from kinds`.execute(own)
    expect(same.length).toBe(1)
  })

  test('Temporal values arrive exactly, where Node has them', async () => {
    const { Temporal } = globalThis as { Temporal?: { Instant: { from(text: string): unknown } } }
    const at =
      Temporal?.Instant.from('2026-02-28T12:34:56.789012Z') ?? '2026-02-28T12:34:56.789012Z'
    const url = await postgres.createDatabase()
    await using own = createDatabase<{ times: { at: unknown } }>({ url })
    await sql`create table times (at timestamptz)`.execute(own)
    await copyIn(own, { table: 'times', columns: ['at'] }, [[at]])

    const { rows: found } =
      await sql`select at::text from times where at = '2026-02-28T12:34:56.789012Z'`.execute(own)
    expect(found.length).toBe(1)
  })

  test('a value that PostgreSQL does not have names its row and column, and not itself', async () => {
    const wrong = [undefined, 'secret\0', '\ud800secret', new Date(NaN), Symbol('secret')]
    for (const value of wrong) {
      const failed = copyIn(db, into, [...rows(1, 2), [3, value as string]])
      await expect(failed).rejects.toThrow(TypeError)
      await expect(failed).rejects.toThrow('(row 3, column "name")')
      await expect(failed).rejects.not.toThrow('secret')
    }
    await expectNothing()
  })

  test('a row with too much or too little is refused', async () => {
    const wrong: unknown[] = [
      [1],
      [1, 'a', 'b'],
      { id: 1 },
      { id: 1, name: 'a', nmae: 'b' },
      null,
      7,
    ]
    for (const row of wrong)
      await expect(copyIn(db, into, [row as [1, 'a']])).rejects.toThrow(TypeError)
    await expectNothing()
  })

  test('a row that the server refuses is told by its line and column, and not by its value', async () => {
    const wrong = [...rows(1, 2), ['secret' as unknown as number, 'c'] as const, ...rows(4, 9)]
    const failed = await copyIn(db, into, wrong).catch((error: unknown) => error)

    expect(failed).toMatchObject({
      code: 'data_exception',
      outcome: 'none',
      line: 3,
      columns: ['id'],
    })
    expect(JSON.stringify(failed) + String(failed)).not.toContain('secret')
    await expect(copyIn(db, into, [...rows(1, 4), [5, 'refused']])).rejects.toMatchObject({
      code: 'check_violation',
      table: 'plans',
      line: 5,
    })
    await expectNothing()
  })

  test('a refusal ends an endless source', async () => {
    const ended: string[] = []
    async function* endless(): AsyncGenerator<[number, string]> {
      try {
        for (;;) yield [1, 'twice']
      } finally {
        ended.push('ended')
      }
    }
    await expect(copyIn(db, into, endless())).rejects.toMatchObject({
      code: 'unique_violation',
      line: 2,
    })
    expect(ended).toEqual(['ended'])
    await expectNothing()
  })

  test('a source that throws ends it with that error, and nothing is loaded', async () => {
    const wrong = new Error('the source failed')
    function* source(): Generator<[number, string]> {
      yield* rows(1, 20_000)
      throw wrong
    }
    await expect(copyIn(db, into, source())).rejects.toBe(wrong)
    await expect(
      copyIn(db, { table: 'plans', format: 'csv' }, Readable.from(['1,a\n', 7])),
    ).rejects.toThrow('Expected bytes or text')
    await expectNothing()
  })

  test('an onProgress that throws ends it with that error, and nothing is loaded', async () => {
    const wrong = new Error('enough')
    const onProgress = (): never => {
      throw wrong
    }
    await expect(copyIn(db, into, rows(1, 5), { onProgress })).rejects.toBe(wrong)
    await expectNothing()
  })

  test('a deadline while the source is silent ends it at once on the server', async () => {
    const ended: string[] = []
    async function* silent(): AsyncGenerator<[number, string]> {
      try {
        yield* rows(1, 5_000)
        await sleep(60_000)
      } finally {
        ended.push('ended')
      }
    }
    const failed = withTimeout(300, () => copyIn(db, into, silent()))

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
    expect(ended).toEqual(['ended'])
    expect(await failed.catch(outcomeOf)).toBe('none')
    await expectNothing()
  })

  test('a deadline ends a stream that never sends again, and destroys it', async () => {
    const stuck = new Readable({ read() {} })
    stuck.push('1,a,x\n')
    const closed = once(stuck, 'close')
    const told = Promise.withResolvers<void>()
    const onProgress = (): void => told.resolve()
    // On this clock nothing is over of itself: neither the deadline nor the grace of a source.
    using clock = TestClock.install()
    const failed = withTimeout(50, () =>
      copyIn(db, { table: 'plans', format: 'csv' }, stuck, { onProgress }),
    )
    failed.catch(() => undefined)
    await told.promise
    await clock.advance(50)

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    await closed
    await expectNothing()
    const unread = new Readable({ read() {} })
    await using nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })
    const unreached = copyIn(nowhere, { table: 'plans', format: 'csv' }, unread)
    await expect(unreached).rejects.toMatchObject({ code: 'connection_failed' })
    expect(unread.destroyed).toBe(true)
  })

  test('a deadline ends a source that does not listen', async () => {
    const deaf: AsyncIterable<[number, string]> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    }
    const failed = withTimeout(50, () => copyIn(db, into, deaf))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    await expectNothing()
  })

  test('a deadline while the server waits for a lock ends it, with full buffers', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: isHeld, resolve: tellHeld } = Promise.withResolvers<void>()
    const holder = transaction(db, async (tx) => {
      await sql`insert into plans values (1, 'held')`.execute(tx)
      tellHeld()
      await held
      throw new Error('not kept')
    }).catch(() => undefined)
    await isHeld
    const failed = withTimeout(200, () => copyIn(db, into, rows(1, 1_000_000)))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    letGo()
    await holder
    await expectNothing()
  })

  test('a backend that is killed under way fails it with outcome none, and the pool heals', async () => {
    async function* source(): AsyncGenerator<[number, string]> {
      yield* rows(1, 5_000)
      // Somebody else's doing: it is no effect of the source.
      await detached(() =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'copy' and query like 'copy %'`.execute(db),
      )
      yield* rows(5_001, 1_000_000)
    }
    await expect(copyIn(db, into, source())).rejects.toMatchObject({
      code: 'connection_lost',
      outcome: 'none',
      retryable: true,
    })
    await expectNothing()
  })

  test('an answer that never comes after the last row leaves the outcome unknown', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using lost = createDatabase<Schema>({
      url: proxy.url(postgres.url),
      cancelTimeoutMs: 100,
    })
    async function* source(): AsyncGenerator<[number, string]> {
      yield* rows(1, 5)
      proxy.set({ halfOpen: true })
    }
    await sql`select 1`.execute(lost)
    const failed = withTimeout(500, () => copyIn(lost, into, source()))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' })
    proxy.reset()
    await expectNothing()
  })

  test('a limit of its own, and a signal, end it too', async () => {
    const silent = (): AsyncIterable<[number, string]> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => sleep(60_000).then(() => expect.unreachable()),
      }),
    })
    await expect(copyIn(db, into, silent(), { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'none',
    })
    const abort = new AbortController()
    const wrong = new Error('not any more')
    async function* aborting(): AsyncGenerator<[number, string]> {
      yield [1, 'a']
      abort.abort(wrong)
      await sleep(60_000)
    }
    await expect(copyIn(db, into, aborting(), { signal: abort.signal })).rejects.toSatisfy(
      (error) => Cancelled.isInstance(error) && error.cause === wrong,
    )
    await expectNothing()
  })

  test('a source is asked only as fast as the server takes', async () => {
    let asked = 0
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: isHeld, resolve: tellHeld } = Promise.withResolvers<void>()
    const holder = transaction(db, async (tx) => {
      await sql`insert into plans values (1, 'held')`.execute(tx)
      tellHeld()
      await held
      throw new Error('not kept')
    }).catch(() => undefined)
    await isHeld
    const name = 'x'.repeat(10_000)
    function* counted(): Generator<[number, string]> {
      for (asked = 1; asked <= 6_000; asked += 1) yield [asked, name]
    }
    const loading = copyIn(db, into, counted())
    // 60 MB would be asked for by now; the server, which waits for a lock, took what sockets hold.
    const blocked = sql`select from pg_stat_activity
      where application_name = 'copy' and wait_event_type = 'Lock'`
    await using watcher = createDatabase({ url: postgres.url })
    while ((await blocked.execute(watcher)).rows.length === 0);
    // It stands still when nothing is asked for during some round trips.
    for (let last = -1; last !== asked;) {
      last = asked
      for (let turn = 0; turn < 20; turn += 1) await sql`select 1`.execute(watcher)
    }

    expect(asked).toBeLessThan(3_000)
    letGo()
    await holder
    expect((await loading).rows).toBe(6_000)
  })

  test('in a transaction it commits and rolls back with it', async () => {
    await transaction(db, async (tx) => {
      await copyIn(tx, into, rows(1, 3))
      await expect(
        transaction(tx, (inner) => copyIn(inner, into, rows(3, 4))),
      ).rejects.toMatchObject({ code: 'unique_violation', line: 1 })
      await copyIn(tx, into, rows(4, 4))
    })
    expect(await count()).toBe(4)
    const failed = transaction(db, async (tx) => {
      await copyIn(tx, into, rows(5, 6))
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await count()).toBe(4)
  })

  test("in a transaction of Kysely's own too, and not beside it", async () => {
    const failed = db.transaction().execute(async (trx) => {
      await copyIn(trx, into, rows(1, 3))
      expect((await trx.selectFrom('plans').select('id').execute()).length).toBe(3)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await expectNothing()
    const beside = transaction(db, () => copyIn(db, into, rows(1, 3)))
    await expect(beside).rejects.toMatchObject({ code: 'nested_connection' })
  })

  test('in a transaction nothing else can run on it meanwhile, instead of waiting for ever', async () => {
    const failed = transaction(db, async (tx) => {
      async function* source(): AsyncGenerator<[number, string]> {
        yield [1, 'a']
        await tx.selectFrom('plans').selectAll().execute()
      }
      await copyIn(tx, into, source())
    })
    await expect(failed).rejects.toMatchObject({ code: 'copy_in_progress', outcome: 'none' })
    await expectNothing()
  })

  test('wrong arguments are refused before anything is sent', async () => {
    await using nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })
    const wrong = [{}, { table: 'plans' }, { table: 'plans', columns: [] }, null] as never[]
    for (const target of wrong) await expect(copyIn(nowhere, target, [])).rejects.toThrow(TypeError)
    const formats = [
      { format: 'xml' },
      { format: 'binary', header: true },
      { format: 'csv', delimiter: 7 },
      { format: 'csv', header: 'yes' },
    ] as never[]
    for (const format of formats) {
      const target = { table: 'plans' as const, ...(format as { format: 'csv' }) }
      await expect(copyIn(nowhere, target, [])).rejects.toThrow(TypeError)
    }
    await expect(copyIn(nowhere, into, 7 as never)).rejects.toThrow('Expected a source to iterate')
  })

  test('is typed from the schema', () => {
    const calls = [
      () => copyIn(db, into, [[1, null]]),
      // @ts-expect-error -- an id is a number
      () => copyIn(db, into, [['1', 'a']]),
      // @ts-expect-error -- a name is missing
      () => copyIn(db, into, [{ id: 1 }]),
      // @ts-expect-error -- there is no such column
      () => copyIn(db, { table: 'plans', columns: ['nmae'] }, []),
      // @ts-expect-error -- there is no such table
      () => copyIn(db, { table: 'plan', columns: ['id'] }, []),
      // @ts-expect-error -- a default is had by leaving the column out of all rows
      () => copyIn(db, { table: 'plans', columns: ['note'] }, [[undefined]]),
      // @ts-expect-error -- bytes are not rows
      () => copyIn(db, { table: 'plans', format: 'csv' }, [[1, 'a']]),
    ]
    expect(calls.length).toBe(7)
  })
})
