import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { cancelScope, checkpoint, detached, withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { execFileSync } from 'node:child_process'
import { Pool as PgPool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from '../statements/health.ts'
import { transaction } from '../transactions/transaction.ts'

let postgres: PostgresServer
let admin: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  admin = createDatabase({ url: postgres.url })
})

afterAll(async () => {
  await admin.close()
  await postgres.close()
})

async function pidOf(db: Database<object>): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
  return rows[0]?.pid ?? 0
}

async function terminate(pid: number): Promise<void> {
  // Somebody else's doing: it is no effect of the scope that it is done in.
  await detached(() => sql`select pg_terminate_backend(${pid}, 5000)`.execute(admin))
}

interface Schema {
  notes: { id: number }
}

/** Ends all other connections from another process, while the event loop of this one stands still. */
function terminateAllAtOnce(url: string): void {
  const program = `
    import { Client } from 'pg'
    const client = new Client(process.argv[1])
    await client.connect()
    await client.query(\`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()\`)
    await client.end()`
  execFileSync(process.execPath, ['--input-type=module', '--eval', program, url])
}

/** Holds a connection of `db` until told to let it go. */
async function hold(db: Database<object>): Promise<{ letGo(): Promise<void> }> {
  const held = Promise.withResolvers<void>()
  const taken = Promise.withResolvers<void>()
  const holder = db.connection().execute(async (one) => {
    await sql`select 1`.execute(one)
    taken.resolve()
    await held.promise
  })
  await taken.promise
  return {
    letGo: () => {
      held.resolve()
      return holder
    },
  }
}

describe('the pool', () => {
  test('never opens more connections than it may', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 3 })

    const pids = await Promise.all(Array.from({ length: 30 }, () => pidOf(db)))

    expect(new Set(pids).size).toBeLessThanOrEqual(3)
    expect((await health(db)).pool).toEqual({
      connections: 3,
      used: 0,
      idle: expect.any(Number),
      waiting: 0,
    })
  })

  test('serves those who wait first come, first served', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const holder = await hold(db)
    const served: number[] = []
    const waiting = [1, 2, 3, 4].map(async (turn) => {
      await sql`select 1`.execute(db)
      served.push(turn)
    })

    await holder.letGo()
    await Promise.all(waiting)

    expect(served).toEqual([1, 2, 3, 4])
  })

  test('an aborted waiter leaves its place to the next and nothing behind', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const holder = await hold(db)
    const gone = withTimeout(5, () => sql`select 1`.execute(db))
    const next = sql`select 2 as two`.execute(db)
    await expect(gone).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })

    await holder.letGo()

    expect((await next).rows).toEqual([{ two: 2 }])
    expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
  })

  test('a wait beyond acquireTimeoutMs fails with acquire_timeout', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1, acquireTimeoutMs: 20 })
    const holder = await hold(db)

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'acquire_timeout',
      outcome: 'none',
      retryable: true,
    })
    await holder.letGo()
  })

  test('a full queue says overloaded at once', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1, queue: 1 })
    const holder = await hold(db)
    const waits = sql`select 1`.execute(db)

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'overloaded',
      outcome: 'none',
    })
    await holder.letGo()
    await waits
  })

  test('a connection that is left in a transaction is not used again', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const before = await pidOf(db)
    await db.connection().execute((one) => sql`begin`.execute(one))

    expect(await pidOf(db)).not.toBe(before)
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%'`.execute(
      admin,
    )
    expect(rows).toEqual([{ n: 0 }])
  })

  test('idle connections are closed after idleTimeoutMs', async () => {
    await using db = createDatabase({ url: postgres.url, idleTimeoutMs: 10 })
    const pid = await pidOf(db)
    const alive = async (): Promise<number> =>
      (await sql`select from pg_stat_activity where pid = ${pid}`.execute(admin)).rows.length

    while ((await alive()) > 0);

    expect(await pidOf(db)).not.toBe(pid)
  })

  test('close waits for what runs, refuses what is new, and leaves no connection', async () => {
    const db = createDatabase({ url: postgres.url, applicationName: 'closing' })
    const holder = await hold(db)
    const closed = db.close()

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'closed' })
    await holder.letGo()
    await closed

    const left = async (): Promise<number> =>
      (await sql`select from pg_stat_activity where application_name = 'closing'`.execute(admin))
        .rows.length
    while ((await left()) > 0);
    await db.close()
  })

  test('close lets those that wait have their turn', async () => {
    const db = createDatabase({ url: postgres.url, connections: 1 })
    const holder = await hold(db)
    const waits = sql`select 2 as two`.execute(db)
    const closed = db.close()

    await holder.letGo()

    expect((await waits).rows).toEqual([{ two: 2 }])
    await closed
  })

  test.each([
    ['connections of our own', () => createDatabase<object>({ url: postgres.url, connections: 1 })],
    [
      'a pool that was passed in',
      () =>
        createDatabase<object>({ client: new PgPool({ connectionString: postgres.url, max: 1 }) }),
    ],
    [
      'pipelined reads',
      () => createDatabase<object>({ url: postgres.url, connections: 1, reads: 'pipelined' }),
    ],
  ])('close cuts off what is left after drainMs: %s', async (_, open) => {
    const db = open()
    // The backend of the case before may still sleep.
    const label = `cut_${Math.trunc(performance.now())}`
    const name = sql.id(label)
    const cut = expect(sql`select pg_sleep(60) as ${name}`.execute(db)).rejects.toMatchObject({
      code: 'connection_lost',
      outcome: 'unknown',
    })
    const runs = sql`select from pg_stat_activity
      where query like ${`select pg_sleep(60) as %${label}%`} and state = 'active'`
    while ((await runs.execute(admin)).rows.length === 0);
    const waiting = expect(sql`select 1`.execute(db)).rejects.toMatchObject({ outcome: 'none' })
    await db.close({ drainMs: 0 })

    await Promise.all([cut, waiting])
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'closed' })
  })

  test.each([
    ['connections of our own', () => createDatabase<object>({ url: postgres.url })],
    [
      'a pool that was passed in',
      () => createDatabase<object>({ client: new PgPool({ connectionString: postgres.url }) }),
    ],
  ])('a connection that comes after the cut is not used: %s', async (_, open) => {
    const db = open()
    const late = expect(sql`select pg_sleep(60)`.execute(db)).rejects.toMatchObject({
      code: 'closed',
      outcome: 'none',
    })

    await db.close({ drainMs: 0 })

    await late
  })

  test('close takes no wrong options, and closes nothing then', async () => {
    await using db = createDatabase({ url: postgres.url })

    await expect(db.close({ drainMs: -1 })).rejects.toThrow(TypeError)
    expect(await pidOf(db)).toBeGreaterThan(0)
  })

  test('a server that is not there is connection_failed, with no secret in it', async () => {
    await using db = createDatabase({ url: 'postgres://app:tops3cret@127.0.0.1:1/nowhere' })

    const error = await sql`select 1`.execute(db).catch((it: unknown) => it)

    expect(error).toMatchObject({ code: 'connection_failed', outcome: 'none', retryable: true })
    expect(JSON.stringify(error) + String(error)).not.toContain('tops3cret')
  })

  test('a wrong password is unauthenticated and not worth another try', async () => {
    const url = postgres.url.replace(/:[^:@]*@/, ':wrong@')
    await using db = createDatabase({ url })

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'unauthenticated',
      sqlState: '28P01',
      retryable: false,
    })
  })

  test('a cancel while connecting ends the attempt', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    proxy.set({ halfOpen: true })
    await using db = createDatabase({ url: proxy.url(postgres.url) })

    const failed = withTimeout(20, () => sql`select 1`.execute(db))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    expect((await health(admin)).serverVersion).toMatch(/^\d/)
  })

  test('connecting is bounded by connectTimeoutMs', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    proxy.set({ halfOpen: true })
    await using db = createDatabase({ url: proxy.url(postgres.url), connectTimeoutMs: 20 })

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_failed' })
  })
})

describe('a connection that is killed', () => {
  test('while it is idle is replaced, unseen', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const pid = await pidOf(db)
    await terminate(pid)
    // The news may still be on its way; then the query, which counts as a write, meets it.
    await pidOf(db).catch(() => undefined)

    expect(await pidOf(db)).not.toBe(pid)
  })

  describe.each([
    ['a pool of our own', (url: string) => createDatabase<Schema>({ url, connections: 3 })],
    ['pipelined reads', (url: string) => createDatabase<Schema>({ url, reads: 'pipelined' })],
    [
      'a pool that was passed in',
      (url: string) =>
        createDatabase<Schema>({ client: new PgPool({ connectionString: url, max: 3 }) }),
    ],
  ])('while it is idle and the process is busy, in %s', (_, make) => {
    async function withDead(fn: (db: Database<Schema>) => Promise<void>): Promise<void> {
      await using own = await startPostgres()
      await using db = make(own.url)
      await sql`create table if not exists notes (id int)`.execute(db)
      const warm = (): Promise<unknown> => db.selectFrom('notes').select('id').execute()
      for (let turn = 0; turn < 5; turn += 1) await Promise.all([warm(), warm(), warm()])
      terminateAllAtOnce(own.url)
      await fn(db)
    }

    test('costs a read nothing', async () => {
      await withDead(async (db) => {
        const reads = [1, 2, 3].map(() => db.selectFrom('notes').selectAll().execute())

        expect(await Promise.all(reads)).toEqual([[], [], []])
      })
    })

    test('costs a transaction nothing, whatever it begins with', async () => {
      await withDead(async (db) => {
        const add = (id: number): Promise<unknown> =>
          transaction(db, (tx) => tx.insertInto('notes').values({ id }).execute())
        await Promise.all([add(1), add(2)])
        await db.transaction().execute((tx) => tx.insertInto('notes').values({ id: 3 }).execute())

        expect(await db.selectFrom('notes').select('id').orderBy('id').execute()).toEqual([
          { id: 1 },
          { id: 2 },
          { id: 3 },
        ])
      })
    })

    test('fails a write that was sent, with outcome unknown, and never repeats it', async () => {
      await withDead(async (db) => {
        const added = db.insertInto('notes').values({ id: 1 }).execute()

        await expect(added).rejects.toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
      })
    })
  })

  test.each([
    { what: 'a read', outcome: 'none' },
    { what: 'a write', outcome: 'unknown' },
  ] as const)(
    'while it runs $what fails it with outcome $outcome, and the pool heals',
    async ({ outcome }) => {
      await using db = createDatabase<{ pg_class: { oid: number } }>({
        url: postgres.url,
        applicationName: outcome,
        connections: 1,
      })
      const sleep = sql<string>`pg_sleep(60)`.as('slept')
      const running = (
        outcome === 'none'
          ? db.selectFrom('pg_class').select(sleep).execute()
          : sql`select ${sleep}`.execute(db)
      ).catch((error: unknown) => error)
      const find = sql<{ pid: number }>`select pid from pg_stat_activity
      where application_name = ${outcome} and wait_event = 'PgSleep'`
      let pid: number | undefined
      while (pid === undefined) pid = (await find.execute(admin)).rows[0]?.pid

      await terminate(pid)

      expect(await running).toMatchObject({ code: 'connection_lost', outcome, retryable: true })
      expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    },
  )

  test('in a transaction fails it with outcome none, and is not used again', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })

    const failed = transaction(db, async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await terminate(rows[0]?.pid ?? 0)
      await sql`select 1`.execute(tx)
    })

    await expect(failed).rejects.toMatchObject({ code: 'connection_lost', outcome: 'none' })
    expect(await pidOf(db)).toBeGreaterThan(0)
  })

  test('by a restart of the server heals', async () => {
    await using own = await startPostgres()
    await using db = createDatabase({ url: own.url })
    await Promise.all([pidOf(db), pidOf(db), pidOf(db)])

    await own.restart()
    let pid: number | undefined
    for (let tries = 0; pid === undefined && tries < 10; tries += 1) {
      pid = await pidOf(db).catch(() => undefined)
    }

    expect(pid).toBeGreaterThan(0)
  })
})

describe('a pool that was passed in', () => {
  test('is used, obeys the scope, and is not closed', async () => {
    const pool = new PgPool({ connectionString: postgres.url, max: 2 })
    const db = createDatabase({ client: pool })
    const failed = withTimeout(30, () => sql`select pg_sleep(60)`.execute(db))
    await expect(failed).rejects.toMatchObject({ code: 'timeout' })
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])

    await db.close()

    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'closed' })
    expect((await pool.query('select 2 as two')).rows).toEqual([{ two: 2 }])
    await pool.end()
  })

  test('may be made by a function, once, when it is first needed', async () => {
    let made = 0
    let pool: PgPool | undefined
    const db = createDatabase({
      client: async () => {
        made += 1
        pool = new PgPool({ connectionString: postgres.url })
        return pool
      },
    })
    expect(made).toBe(0)

    await Promise.all([pidOf(db), pidOf(db)])

    expect(made).toBe(1)
    await pool?.end()
  })

  test('keeps nothing when a cancel comes before its connection', async () => {
    const pool = new PgPool({ connectionString: postgres.url, max: 1 })
    const db = createDatabase({ client: pool })
    const holder = await hold(db)
    await cancelScope(async (scope) => {
      const waits = sql`select 1`.execute(db)
      while (pool.waitingCount === 0) await checkpoint()
      scope.cancel()
      await waits
    }).catch(() => undefined)

    await holder.letGo()

    expect(await pidOf(db)).toBeGreaterThan(0)
    expect(pool.idleCount).toBe(1)
    await pool.end()
  })

  test('survives a connection that is killed while it is idle', async () => {
    const pool = new PgPool({ connectionString: postgres.url, max: 1 })
    const db = createDatabase({ client: pool })
    await terminate(await pidOf(db))
    await pidOf(db).catch(() => undefined)

    expect(await pidOf(db)).toBeGreaterThan(0)
    await pool.end()
  })
})
