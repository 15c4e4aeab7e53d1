import assert from 'node:assert/strict'
import {
  moveOnAfter,
  outcomeOf,
  sleep,
  taskGroup,
  TimeoutError,
  withTimeout,
} from '@yuzuru/concurrency'
import { casesOf, type Fixture, type SuiteCase } from '@yuzuru/concurrency/testing'
import { type Kysely, sql } from 'kysely'
import { copyIn } from '../copy/copy-in.ts'
import { copyOut } from '../copy/copy-out.ts'
import type { Database } from '../database.ts'
import { DbError } from '../wire/db-error.ts'
import { json } from '../wire/parameter.ts'
import { migrate } from '../migrations/migrate.ts'
import { pluginCases } from './exercise-plugins.ts'
import { stream } from '../rows/stream.ts'
import { transaction } from '../transactions/transaction.ts'
import { afterCommit } from '../transactions/transaction-hooks.ts'

interface Schema {
  yuzuru_exercise: { id: number; body: unknown }
}

/**
 * Makes cases that must pass on every way to PostgreSQL: with our own pool, with one that was passed in,
 * behind PgBouncer in transaction mode, on another version of the server. For the test runner of your choice.
 *
 * @param make opens a database that may create tables; each case closes what it opened
 * @example
 * for (const { name, run } of exerciseDatabase(() => createDatabase({ url }))) test(name, run)
 */
export function exerciseDatabase(make: () => Database<unknown>): readonly SuiteCase[] {
  const of = casesOf(() => openFixture(make))
  return Object.entries({ ...cases, ...pluginCases }).map(([name, body]) =>
    of(name, ({ db }) => body(db)),
  )
}

interface DatabaseFixture extends Fixture {
  readonly db: Database<never> & Database<Schema>
}

/** A database with an empty table, which is dropped at the end. */
async function openFixture(make: () => Database<unknown>): Promise<DatabaseFixture> {
  await using opened = new AsyncDisposableStack()
  const db = opened.use(make() as DatabaseFixture['db'])
  const drop = sql`drop table if exists yuzuru_exercise`
  await drop.execute(db)
  await sql`create table yuzuru_exercise (id int primary key, body jsonb)`.execute(db)
  opened.defer(async () => void (await drop.execute(db)))
  const all = opened.move()
  return { db, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const cases: Record<string, (db: Database<Schema>) => Promise<void>> = {
  async 'runs the queries of Kysely'(db) {
    await add(db, 1, [1, 2])
    const rows = await db.selectFrom('yuzuru_exercise').selectAll().execute()
    assert.deepEqual(rows, [{ id: 1, body: [1, 2] }])
    const [updated] = await db.updateTable('yuzuru_exercise').set({ id: 2 }).execute()
    assert.equal(updated?.numUpdatedRows, 1n)
  },

  async 'reads int8 as bigint and keeps microseconds'(db) {
    const { rows } = await sql<{ n: bigint; at: unknown }>`
      select 9223372036854775807::int8 as n, timestamptz '2026-01-02 03:04:05.000006Z' as at`.execute(
      db,
    )
    assert.equal(rows[0]?.n, 9223372036854775807n)
    const again = await sql<{ same: boolean }>`
      select ${rows[0].at}::timestamptz = '2026-01-02 03:04:05.000006Z' as same`.execute(db)
    assert.equal(again.rows[0]?.same, true)
  },

  async 'a transaction commits when its function returns'(db) {
    const calls: string[] = []
    await transaction(db, async (tx) => {
      await add(tx, 1, null)
      afterCommit(tx, () => calls.push('committed'))
    })
    assert.equal(await count(db), 1)
    assert.deepEqual(calls, ['committed'])
  },

  async 'a transaction rolls back when its function throws'(db) {
    const wrong = new Error('wrong')
    const failed = transaction(db, async (tx) => {
      await add(tx, 1, null)
      throw wrong
    })
    await assert.rejects(failed, wrong)
    assert.equal(await count(db), 0)
  },

  async 'a failure in a savepoint poisons nothing after it'(db) {
    await transaction(db, async (tx) => {
      await add(tx, 1, null)
      const failed = transaction(tx, (inner) => add(inner, 1, null))
      await assert.rejects(failed, { code: 'unique_violation' })
      await add(tx, 2, null)
    })
    assert.equal(await count(db), 2)
  },

  async 'a conflict reruns the whole function'(db) {
    let calls = 0
    await transaction(db, async (tx) => {
      calls += 1
      await add(tx, calls, null)
      if (calls < 3) await sql`do 'begin raise sqlstate ''40001''; end'`.execute(tx)
    })
    assert.deepEqual([calls, await count(db)], [3, 1])
  },

  async 'a deadline stops the statement, and the connections serve on'(db) {
    for (let turn = 0; turn < 5; turn += 1) {
      const failed = withTimeout(20, () => sql`select pg_sleep(60)`.execute(db))
      await assert.rejects(failed, (error) => TimeoutError.isInstance(error))
    }
    assert.equal(await count(db), 0)
  },

  async 'a deadline in a transaction rolls it back, with outcome none'(db) {
    const failed = withTimeout(50, () =>
      transaction(db, async (tx) => {
        await add(tx, 1, null)
        await sql`select pg_sleep(60)`.execute(tx)
      }),
    )
    await assert.rejects(failed, (error) => outcomeOf(error) === 'none')
    assert.equal(await count(db), 0)
  },

  async 'no cancel strays to another query'(db) {
    const strays: unknown[] = []
    const cancelled = Array.from({ length: 40 }, async (_, turn) => {
      const failed = withTimeout(turn % 8, () => sql`select pg_sleep(0.005)`.execute(db))
      await failed.catch((error: unknown) => TimeoutError.isInstance(error) || strays.push(error))
    })
    const others = Array.from({ length: 40 }, async () => {
      await sql`select pg_sleep(0.002)`.execute(db).catch((error: unknown) => strays.push(error))
    })
    await Promise.all([...cancelled, ...others])
    assert.deepEqual(strays, [])
  },

  async 'timeouts end with their transaction'(db) {
    await transaction(db, (tx) => add(tx, 1, null), {
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 5_000,
    })
    const { rows } = await sql<{ all: string }>`select current_setting('statement_timeout') ||
      current_setting('lock_timeout') as all`.execute(db)
    assert.equal(rows[0]?.all, '00')
  },

  async 'a stream reads in batches and closes its cursor'(db) {
    for (let id = 1; id <= 25; id += 1) await add(db, id, null)
    const ids: number[] = []
    const query = db.selectFrom('yuzuru_exercise').select('id').orderBy('id')
    for await (const { id } of stream(query, { batchSize: 4 })) {
      ids.push(id)
      if (id === 10) break
    }
    assert.equal(ids.length, 10)
    assert.equal(await count(db), 25)
  },

  async 'rows go in and out through COPY, and nothing of a load that fails'(db) {
    const into = { table: 'yuzuru_exercise', columns: ['id', 'body'] } as const
    const bodies = [json([1, 'tab\t']), null, { text: 'new\nline \\' }]
    const loaded = await copyIn(db, into, bodies.entries())
    assert.equal(loaded.rows, 3)
    const found: unknown[] = []
    const all = db.selectFrom('yuzuru_exercise').selectAll().orderBy('id')
    for await (const row of copyOut(db, all)) found.push(row)
    assert.deepEqual(found, await all.execute())
    const again = copyIn(db, into, [
      [7, null],
      [1, null],
    ])
    await assert.rejects(again, { code: 'unique_violation', line: 2, outcome: 'none' })
    assert.equal(await count(db), 3)
  },

  async 'a COPY that is left early, or runs out of time, stops on the server'(db) {
    const large = sql<{ n: number }>`select n, repeat('x', 1000) from generate_series(1, 100000) n`
    for await (const { n } of copyOut(db, large)) if (n === 3) break
    await transaction(db, async (tx) => {
      for await (const { n } of copyOut(tx, large)) if (n === 3) break
      await add(tx, 1, null)
    })
    async function* silent(): AsyncGenerator<[number, unknown]> {
      yield [2, null]
      await sleep(60_000)
    }
    const into = { table: 'yuzuru_exercise', columns: ['id', 'body'] } as const
    const failed = withTimeout(20, () => copyIn(db, into, silent()))
    await assert.rejects(failed, (error) => TimeoutError.isInstance(error))
    assert.equal(await count(db), 1)
  },

  async 'a cancel within a transaction aborts it, and spares what a savepoint keeps apart'(db) {
    const slow = (on: Kysely<Schema>): Promise<unknown> => sql`select pg_sleep(60)`.execute(on)
    const failed = taskGroup(async (group) => {
      await group.spawn(() =>
        transaction(db, async (tx) => {
          await add(tx, 1, null)
          await moveOnAfter(20, () => slow(tx))
        }),
      )
    })
    await assert.rejects(failed, ({ errors }: AggregateError) =>
      errors.every((error) => DbError.isInstance(error) && error.code === 'transaction_aborted'),
    )
    await transaction(db, async (tx) => {
      await add(tx, 2, null)
      await moveOnAfter(20, () => transaction(tx, slow))
    })
    const rows = await db.selectFrom('yuzuru_exercise').select('id').execute()
    assert.deepEqual(rows, [{ id: 2 }])
  },

  async "a transaction in one of Kysely's own ends as that does"(db) {
    const undone = new Error('undone')
    const failed = db.transaction().execute(async (trx) => {
      await transaction(trx, (tx) => add(tx, 1, null))
      throw undone
    })
    await assert.rejects(failed, undone)
    assert.equal(await count(db), 0)
    await db.transaction().execute((trx) => transaction(trx, (tx) => add(tx, 1, null)))
    assert.equal(await count(db), 1)
  },

  async 'what cannot be sent fails with outcome none'(db) {
    const rows = Array.from({ length: 40_000 }, (_, id) => ({ id, body: null }))
    const failed = db.insertInto('yuzuru_exercise').values(rows).execute()
    await assert.rejects(failed, { code: 'invalid_value', outcome: 'none' })
    assert.equal(await count(db), 0)
  },

  async 'migrations run once, and a dry run changes nothing'(db) {
    const name = 'yuzuru_exercise_0001'
    const migrations = { [name]: { up: (on: Kysely<Schema>) => add(on, 1, null) } }
    const forget = async (): Promise<void> => {
      await sql`delete from kysely_migration where name = ${name}`.execute(db)
    }
    assert.deepEqual(await migrate(db, migrations, { dryRun: true }), [name])
    assert.equal(await count(db), 0)
    assert.deepEqual(await migrate(db, migrations), [name])
    assert.deepEqual(await migrate(db, migrations), [])
    assert.equal(await count(db), 1)
    await forget()
  },

  async 'the outer db inside its own transaction is refused'(db) {
    await transaction(db, async () => {
      await assert.rejects(count(db), { code: 'nested_connection', outcome: 'none' })
    })
  },

  async 'a tx after its end is refused'(db) {
    const tx = await transaction(db, async (tx) => tx)
    await assert.rejects(count(tx), (error) => DbError.isInstance(error))
  },
}

type On = Pick<Database<Schema>, 'insertInto' | 'selectFrom'>

async function add(on: On, id: number, body: unknown): Promise<void> {
  await on
    .insertInto('yuzuru_exercise')
    .values({ id, body: json(body) })
    .execute()
}

async function count(on: On): Promise<number> {
  const rows = await on.selectFrom('yuzuru_exercise').select('id').execute()
  return rows.length
}
