import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import { transaction } from '../transactions/transaction.ts'
import { databaseOf } from './database-of.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(() => postgres.close())

test('databaseOf gives the database of a tx, of a savepoint and of what is derived from it', async () => {
  await using db = createDatabase({ url: postgres.url })
  expect(databaseOf(db)).toBe(db)
  expect(databaseOf(db.withSchema('other').withoutPlugins())).toBe(db)
  await transaction(db, async (tx) => {
    expect(databaseOf(tx)).toBe(db)
    await transaction(tx, async (inner) => expect(databaseOf(inner)).toBe(db))
  })
})

test('databaseOf gives nothing for another Kysely', () => {
  const plain = new Kysely<object>({ dialect: new PostgresDialect({ pool: new Pool() }) })
  expect(databaseOf(plain)).toBeUndefined()
})
