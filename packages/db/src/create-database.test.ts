import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { transaction } from './transaction.ts'
import { DbError } from './db-error.ts'

interface Schema {
  accounts: { id: number; balance: number }
}

let postgres: PostgresServer
let db: Database<Schema>
let watcher: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  const url = await postgres.createDatabase()
  db = createDatabase<Schema>({ url, applicationName: 'under test' })
  watcher = createDatabase<Schema>({ url })
  await sql`create table accounts (id int primary key, balance int not null)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await watcher.close()
  await postgres.close()
})

describe('createDatabase', () => {
  test('runs Kysely queries, transactions and savepoints', async () => {
    await db.insertInto('accounts').values({ id: 1, balance: 5 }).execute()
    expect(await db.selectFrom('accounts').selectAll().execute()).toEqual([{ id: 1, balance: 5 }])
    await transaction(db, async (tx) => {
      await tx.updateTable('accounts').set({ balance: 6 }).execute()
      await transaction(tx, async (inner) => {
        await inner.insertInto('accounts').values({ id: 1, balance: 6 }).execute()
      }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'unique_violation', columns: ['id'] })
      })
      await expect(db.selectFrom('accounts').selectAll().execute()).rejects.toMatchObject({
        code: 'nested_connection',
      })
    })
    expect(await db.selectFrom('accounts').selectAll().execute()).toEqual([{ id: 1, balance: 6 }])
  })

  test('a deadline stops the statement on the server before it is told', async () => {
    const error = await withTimeout(100, () => sql`select pg_sleep(20)`.execute(db)).catch(
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(TimeoutError)
    const { rows } =
      await sql`select * from pg_stat_activity where application_name = 'under test' and state = 'active'`.execute(
        watcher,
      )
    expect(rows).toEqual([])
    expect(DbError.isInstance(error)).toBe(false)
  })
})
