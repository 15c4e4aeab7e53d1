import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import { databaseTemplate, exerciseDatabase, withRollback } from './testing.ts'
import { transaction } from './transactions/transaction.ts'
import { afterCommit } from './transactions/transaction-hooks.ts'

let postgres: PostgresServer
let pool: Pool

beforeAll(async () => {
  postgres = await startPostgres()
  pool = new Pool({ connectionString: postgres.url, max: 5 })
})

afterAll(async () => {
  await pool.end()
  await postgres.close()
})

describe('with a pool of our own', () => {
  for (const { name, run } of exerciseDatabase(() => createDatabase({ url: postgres.url }))) {
    test(name, run)
  }
})

describe('with a pool that was passed in', () => {
  for (const { name, run } of exerciseDatabase(() => createDatabase({ client: pool })))
    test(name, run)
})

describe('with pipelined reads', () => {
  for (const { name, run } of exerciseDatabase(() =>
    createDatabase({ url: postgres.url, reads: 'pipelined' }),
  )) {
    test(name, run)
  }
})

describe('withRollback', () => {
  test('returns the value and leaves nothing behind', async () => {
    await using db = createDatabase<{ left: { id: number } }>({ url: postgres.url })
    const value = await withRollback(db, async (tx) => {
      await sql`create table left_behind (id int)`.execute(tx)
      await transaction(tx, async (inner) => {
        afterCommit(inner, () => expect.unreachable())
      })
      return 'value'
    })

    expect(value).toBe('value')
    await expect(sql`select from left_behind`.execute(db)).rejects.toMatchObject({
      code: 'undefined_object',
    })
  })

  test('throws what the function threw', async () => {
    await using db = createDatabase({ url: postgres.url })
    const wrong = new Error('wrong')

    await expect(withRollback(db, () => Promise.reject(wrong))).rejects.toBe(wrong)
  })
})

describe('databaseTemplate', () => {
  test('gives each test a copy of its own, and drops it', async () => {
    await using template = await databaseTemplate(postgres.url, async (db) => {
      await sql`create table plans (id int)`.execute(db)
    })
    const urls: string[] = []
    for (const id of [1, 2]) {
      await using copy = await template.create()
      urls.push(copy.url)
      await using db = createDatabase({ url: copy.url })
      await sql`insert into plans values (${id})`.execute(db)
      expect((await sql`select id from plans`.execute(db)).rows).toEqual([{ id }])
    }

    await using gone = createDatabase({ url: urls[0] ?? '' })
    await expect(sql`select 1`.execute(gone)).rejects.toMatchObject({ code: 'connection_failed' })
  })
})
