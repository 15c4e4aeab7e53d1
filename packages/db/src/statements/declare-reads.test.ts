import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { outcomeOf, withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { declareReads } from './declare-reads.ts'
import { transaction } from '../transactions/transaction.ts'

let postgres: PostgresServer
let db: Database<{ plans: { id: number } }>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase({ url: postgres.url })
  await sql`create table plans (id int)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

const slow = sql`select pg_sleep(60)`

describe('declareReads', () => {
  test('text counts as a write, and as a read where that is declared', async () => {
    const outcomes: unknown[] = []
    for (const on of [db, declareReads(db), db]) {
      await withTimeout(30, () => slow.execute(on)).catch((error: unknown) =>
        outcomes.push(outcomeOf(error)),
      )
    }

    expect(outcomes).toEqual(['unknown', 'none', 'unknown'])
  })

  test('works in a transaction, and gives what the query gives', async () => {
    const rows = await transaction(db, async (tx) => {
      await tx.insertInto('plans').values({ id: 1 }).execute()
      return await declareReads(tx).selectFrom('plans').selectAll().execute()
    })
    expect(rows).toEqual([{ id: 1 }])
  })

  test('what surely writes is refused before anything is sent', async () => {
    const reads = declareReads(db)
    await expect(async () => reads.insertInto('plans').values({ id: 2 }).execute()).rejects.toThrow(
      'Expected a read, as was declared, got InsertQueryNode',
    )
    await expect(async () => reads.deleteFrom('plans').execute()).rejects.toThrow(TypeError)
    await expect(async () => reads.schema.dropTable('plans').execute()).rejects.toThrow(TypeError)
  })

  test('takes only a database of ours', () => {
    expect(() => declareReads({} as never)).toThrow('Expected db to be made by createDatabase')
  })
})
