import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { type Kysely, type LogEvent, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { stream } from '../rows/stream.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  plans: { id: number }
}

let postgres: PostgresServer
let db: Database<Schema>
let events: LogEvent[]

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, log: (event) => void events.push(event) })
  events = []
  await sql`create table plans (id int primary key)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

beforeEach(() => {
  events = []
})

/** Every way to have a query run. */
const WAYS: Record<string, (fn: (on: Kysely<Schema>) => Promise<unknown>) => Promise<unknown>> = {
  'by itself': (fn) => fn(db),
  'in transaction()': (fn) => transaction(db, (tx) => fn(tx)),
  'in a savepoint': (fn) => transaction(db, (tx) => transaction(tx, (inner) => fn(inner))),
  'in a transaction of Kysely': (fn) => db.transaction().execute((trx) => fn(trx)),
  "in a savepoint of Kysely's transaction": (fn) =>
    db.transaction().execute((trx) => transaction(trx, (tx) => fn(tx))),
  'on db.connection()': (fn) => db.connection().execute((on) => fn(on)),
  'in a transaction on db.connection()': (fn) =>
    db.connection().execute((on) => transaction(on, (tx) => fn(tx))),
}

describe("Kysely's log", () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`is told of each query once: ${name}`, async () => {
      await way((on) => on.selectFrom('plans').selectAll().where('id', '=', 7).execute())

      expect(events).toMatchObject([
        {
          level: 'query',
          query: { sql: 'select * from "plans" where "id" = $1', parameters: [7] },
          queryDurationMillis: expect.any(Number),
        },
      ])
    })

    test(`is told of a query that fails, with its error: ${name}`, async () => {
      await way(async (on) => {
        await sql`select 1 / 0`.execute(on)
      }).catch(() => undefined)

      expect(events).toMatchObject([
        { level: 'error', query: { sql: 'select 1 / 0' }, error: { sqlState: '22012' } },
      ])
    })

    test(`is told of a stream once, and of nothing that is ours: ${name}`, async () => {
      await way(async (on) => {
        for await (const _row of stream(on.selectFrom('plans').selectAll()));
      })

      expect(events).toMatchObject([
        { level: 'query', isStream: true, query: { sql: 'select * from "plans"' } },
      ])
    })
  }

  test('takes the names of levels', async () => {
    await using quiet = createDatabase<Schema>({ url: postgres.url, log: [] })
    await transaction(quiet, (tx) => tx.selectFrom('plans').selectAll().execute())

    expect(events).toEqual([])
  })
})
