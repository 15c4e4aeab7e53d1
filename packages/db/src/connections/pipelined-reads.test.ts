import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { cancelScope, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { Pool as PgPool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { bindingOf } from '../statements/binding.ts'
import type { DatabaseOptions, OwnPoolOptions } from '../database-options.ts'
import { health } from '../statements/health.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  offices: { id: number; name: string }
  /** Takes a minute. */
  long: { slept: string }
  /** Takes 3 ms. */
  short: { slept: string }
  /** Writes into `offices`, hidden in a view. */
  sly: { written: string }
}

const OFFICES = 200

let postgres: PostgresServer
let url: string
let watcher: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  watcher = createDatabase({ url })
  await sql`
    create table offices (id int primary key, name text not null);
    insert into offices select id, 'office ' || id from generate_series(1, ${sql.lit(OFFICES)}) id;
    create view long as select pg_sleep(60)::text as slept;
    create view short as select pg_sleep(0.003)::text as slept;
    create function sly() returns text language sql as
      $$ insert into offices values (0, 'sly') returning name $$;
    create view sly as select sly() as written;`.execute(watcher)
})

afterAll(async () => {
  await watcher.close()
  await postgres.close()
})

/** A database whose reads travel together, with all connections for them open. */
async function piped(options: Partial<OwnPoolOptions> = {}): Promise<Database<Schema>> {
  const db = createDatabase<Schema>({ url, reads: 'pipelined', ...options })
  const { readConnections = 2 } = options
  while ((await health(db)).reads?.connections !== readConnections) await nameOf(db, 1)
  // What comes for the first time goes to the pool.
  await withTimeout(1, () => long(db)).catch(() => undefined)
  await db.selectFrom('short').selectAll().execute()
  return db
}

async function nameOf(db: Kysely<Schema>, id: number): Promise<string | undefined> {
  const row = await db.selectFrom('offices').select('name').where('id', '=', id).executeTakeFirst()
  return row?.name
}

function long(db: Kysely<Schema>): Promise<unknown> {
  return db.selectFrom('long').selectAll().execute()
}

/** The backends of an application that are at `query`. */
async function at(applicationName: string, query: string): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
    where application_name = ${applicationName} and state = 'active'
      and query like ${`%${query}%`}`.execute(watcher)
  return rows.map(({ pid }) => pid)
}

/** Holds the only connection of a pool of one while `fn` runs. */
async function withPoolHeld(db: Database<Schema>, fn: () => Promise<void>): Promise<void> {
  await db.connection().execute(async (one) => {
    await sql`select 1`.execute(one)
    await fn()
  })
}

describe('pipelined reads', () => {
  test('need no connection of the pool', async () => {
    await using db = await piped({ connections: 1 })

    await withPoolHeld(db, async () => {
      for (const id of [1, 2, 3]) expect(await nameOf(db, id)).toBe(`office ${id}`)
    })
  })

  test('get each its own answer', async () => {
    await using db = await piped()
    const ids = Array.from({ length: OFFICES }, (_, index) => index + 1)

    const names = await Promise.all(ids.map((id) => nameOf(db, id)))

    expect(names).toEqual(ids.map((id) => `office ${id}`))
  })

  test.each(
    Object.entries<(db: Kysely<Schema>) => Promise<unknown>>({
      'sql text': (db: Kysely<Schema>) => sql`select 1`.execute(db),
      'a lock': (db: Kysely<Schema>) => db.selectFrom('offices').select('id').forShare().execute(),
      'a function that may do more': (db: Kysely<Schema>) =>
        db
          .selectFrom('offices')
          .select((eb) => eb.fn('pg_sleep', [eb.lit(0)]).as('slept'))
          .execute(),
      'a write': (db: Kysely<Schema>) =>
        db.updateTable('offices').set({ name: 'x' }).where('id', '=', 0).execute(),
    }),
  )('do not take along %s', async (_, run) => {
    await using db = await piped({ connections: 1 })
    await run(db)

    await withPoolHeld(db, async () => {
      await expect(withTimeout(30, () => run(db))).rejects.toBeInstanceOf(TimeoutError)
    })
  })

  test('can not write, whatever a view hides', async () => {
    await using db = await piped()
    const sly = (): Promise<unknown> => db.selectFrom('sly').selectAll().execute()
    await sly()
    await db.deleteFrom('offices').where('id', '=', 0).execute()

    await expect(sly()).rejects.toMatchObject({ code: 'read_only', outcome: 'none' })
    expect(await nameOf(db, 0)).toBe(undefined)
  })

  test('of a transaction are its own', async () => {
    await using db = await piped()

    await transaction(db, async (tx) => {
      await tx.insertInto('offices').values({ id: 1_000, name: 'new' }).execute()
      expect(await nameOf(tx, 1_000)).toBe('new')
      await tx.deleteFrom('offices').where('id', '=', 1_000).execute()
    })
  })

  test('of the outer db inside its own transaction are refused', async () => {
    await using db = await piped()

    await transaction(db, async () => {
      await expect(nameOf(db, 1)).rejects.toMatchObject({ code: 'nested_connection' })
    })
  })

  test('that fail in the midst of others fail alone', async () => {
    await using db = await piped({ readConnections: 1 })
    const divide = (by: number): Promise<unknown> =>
      db
        .selectFrom('offices')
        .select((eb) => eb('id', '/', eb.val(by)).as('part'))
        .where('id', '=', 10)
        .execute()
    await divide(1)

    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, (_, turn) => (turn % 7 === 3 ? divide(0) : nameOf(db, turn + 1))),
    )

    for (const [turn, answer] of answers.entries()) {
      const failure = { status: 'rejected', reason: { code: 'data_exception', outcome: 'none' } }
      const right = { status: 'fulfilled', value: `office ${turn + 1}` }
      expect(answer).toMatchObject(turn % 7 === 3 ? failure : right)
    }
  })

  test('that name what is not there fail as they do elsewhere, also side by side', async () => {
    await using db = await piped({ readConnections: 1 })
    const wrong = (): Promise<unknown> =>
      (db as unknown as Kysely<{ nothing: { id: number } }>)
        .selectFrom('nothing')
        .selectAll()
        .execute()
    await wrong().catch(() => undefined)

    const answers = await Promise.allSettled([wrong(), wrong(), wrong(), nameOf(db, 1)])

    const failure = { status: 'rejected', reason: { code: 'undefined_object' } }
    const right = { status: 'fulfilled', value: 'office 1' }
    expect(answers).toMatchObject([failure, failure, failure, right])
  })

  test('survive a change of their table', async () => {
    await sql`create table changing (a int); insert into changing values (1)`.execute(watcher)
    await using db = (await piped()) as unknown as Database<{ changing: { a: number } }>
    const all = (): Promise<unknown> => db.selectFrom('changing').selectAll().execute()
    for (let turn = 0; turn < 5; turn += 1) expect(await all()).toEqual([{ a: 1 }])

    await sql`alter table changing add b int default 2`.execute(watcher)

    for (let turn = 0; turn < 5; turn += 1) expect(await all()).toEqual([{ a: 1, b: 2 }])
  })

  test('read values as the pool does', async () => {
    await sql`create table things (a int8, b timestamptz, c numeric[], d jsonb, e text, f bytea);
      insert into things values (9223372036854775807, '2026-01-02 03:04:05.000006Z', '{1.50,null}',
        '{"x":[1]}', null, '\\x00ff')`.execute(watcher)
    await using db = (await piped({ connections: 1 })) as unknown as Database<{ things: object }>
    const all = (): Promise<unknown> => db.selectFrom('things').selectAll().execute()

    const pooled = await all()
    await withPoolHeld(db, async () => {
      expect(await all()).toEqual(pooled)
    })
  })
})

describe('a pipelined read that is cancelled', () => {
  test('has been stopped on the server when its caller is told', async () => {
    await using db = await piped({ applicationName: 'stopped' })

    await expect(withTimeout(50, () => long(db))).rejects.toBeInstanceOf(TimeoutError)

    expect(await at('stopped', 'long')).toEqual([])
  })

  test('and its neighbours: 300 cancels at any moment hit no other', async () => {
    await using db = await piped({ readConnections: 2, connections: 4 })
    const failures: unknown[] = []
    let cancels = 0
    const cancelled = async (worker: number): Promise<void> => {
      for (let turn = 0; turn < 75; turn += 1) {
        const delayMs = ((turn * 37 + worker * 11) % 60) / 10
        try {
          await withTimeout(delayMs, () => db.selectFrom('short').selectAll().execute())
        } catch (error) {
          if (TimeoutError.isInstance(error)) cancels += 1
          else failures.push(error)
        }
      }
    }
    const load = { on: true }
    const bystander = async (worker: number): Promise<void> => {
      for (let turn = 0; load.on; turn += 1) {
        const id = ((turn * 13 + worker) % OFFICES) + 1
        const name = await nameOf(db, id).catch((error: unknown) => failures.push(error))
        if (name !== `office ${id}`) failures.push(new Error(`${name} is not the answer to ${id}`))
      }
    }

    const bystanders = [1, 2, 3, 4].map((worker) => bystander(worker))
    await Promise.all([1, 2, 3, 4].map((worker) => cancelled(worker)))
    load.on = false
    await Promise.all(bystanders)

    expect(failures).toEqual([])
    expect(cancels).toBeGreaterThan(50)
    while ((await health(db)).reads?.underWay !== 0);
    expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
  })

  test('behind a slow one is given up at once', async () => {
    await using db = await piped({ readConnections: 1, applicationName: 'behind' })
    const slow = withTimeout(500, () => long(db)).catch((error: unknown) => error)
    while ((await at('behind', 'long')).length === 0);

    await expect(withTimeout(5, () => long(db))).rejects.toBeInstanceOf(TimeoutError)

    expect(TimeoutError.isInstance(await slow)).toBe(true)
    while ((await at('behind', 'long')).length > 0);
    expect(await nameOf(db, 1)).toBe('office 1')
  })

  test('by somebody else is query_canceled', async () => {
    await using db = await piped({ applicationName: 'others' })
    const running = long(db).catch((error: unknown) => error)
    let pids: number[] = []
    while (pids.length === 0) pids = await at('others', 'long')

    await sql`select pg_cancel_backend(${pids[0]})`.execute(watcher)

    expect(await running).toMatchObject({ code: 'query_canceled', outcome: 'none' })
  })

  test('by a server that does not answer closes its connection, and its neighbours go elsewhere', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using db = await piped({ url: proxy.url(url), readConnections: 1, cancelTimeoutMs: 50 })
    proxy.set({ halfOpen: true })

    const first = withTimeout(10, () => nameOf(db, 1)).catch((error: unknown) => error)
    const second = nameOf(db, 2)

    expect(TimeoutError.isInstance(await first)).toBe(true)
    expect(bindingOf(db).context.reads?.figures.connections).toBe(0)
    proxy.clear()
    await second.catch(() => undefined)
    expect(await nameOf(db, 3)).toBe('office 3')
  })
})

describe('a slow pipelined read', () => {
  test('does not hold up those behind it', async () => {
    await using db = await piped({ readConnections: 1, applicationName: 'slow' })
    const ids = Array.from({ length: 20 }, (_, index) => index + 1)
    let behind: unknown
    await cancelScope(async (scope) => {
      const running = long(db)
      behind = await Promise.all(ids.map((id) => nameOf(db, id)))
      scope.cancel()
      await running
    }).catch(() => undefined)

    expect(behind).toEqual(ids.map((id) => `office ${id}`))
    expect(await at('slow', 'long')).toEqual([])
  })
})

describe('the connection of pipelined reads', () => {
  test('that is killed fails what was running, and nobody else', async () => {
    await using db = await piped({ readConnections: 1, applicationName: 'killed' })
    const running = long(db).catch((error: unknown) => error)
    const behind = Promise.all([1, 2, 3].map((id) => nameOf(db, id)))
    let pids: number[] = []
    while (pids.length === 0) pids = await at('killed', 'long')

    await sql`select pg_terminate_backend(${pids[0]}, 5000)`.execute(watcher)

    expect(await running).toMatchObject({ code: 'connection_lost', outcome: 'none' })
    expect(await behind).toEqual(['office 1', 'office 2', 'office 3'])
    while ((await health(db)).reads?.connections !== 1) expect(await nameOf(db, 4)).toBe('office 4')
  })

  test('that is killed while it is idle is replaced, unseen', async () => {
    await using db = await piped({ applicationName: 'idle' })
    await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where application_name = 'idle' and query like '%offices%'`.execute(watcher)
    // The news may still be on its way; then a read on each of the two meets it.
    await nameOf(db, 1).catch(() => undefined)
    await nameOf(db, 1).catch(() => undefined)

    expect(await nameOf(db, 2)).toBe('office 2')
    while ((await health(db)).reads?.connections !== 2) await nameOf(db, 3).catch(() => undefined)
  })

  test('is closed by close, which waits for what is under way', async () => {
    const db = await piped({ applicationName: 'closing reads' })
    const running = db.selectFrom('short').selectAll().execute()
    while (bindingOf(db).context.reads?.figures.underWay === 0) await Promise.resolve()

    await db.close()

    expect(await running).toHaveLength(1)
    await expect(nameOf(db, 1)).rejects.toMatchObject({ code: 'closed' })
    const left = sql`select from pg_stat_activity where application_name = 'closing reads'`
    while ((await left.execute(watcher)).rows.length > 0);
  })

  test('is not made where there is no server: the pool says so', async () => {
    await using nowhere = createDatabase<Schema>({
      url: 'postgres://127.0.0.1:1/nowhere',
      reads: 'pipelined',
    })
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(nameOf(nowhere, 1)).rejects.toMatchObject({ code: 'connection_failed' })
    }
  })
})

test('wrong options for reads are refused', () => {
  const pool = new PgPool({ connectionString: url })
  const wrong = [
    { url, reads: 'sometimes' },
    { url, reads: 'pipelined', readConnections: 0 },
    { client: pool, reads: 'pipelined' },
  ]
  for (const options of wrong) {
    expect(() => createDatabase(options as DatabaseOptions)).toThrow(/^Expected /)
  }
})
