import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from '../statements/health.ts'
import { stream } from './stream.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  numbers: { n: number }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, connections: 2 })
  await sql`create table numbers as select n from generate_series(1, 1000) n`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

describe('stream', () => {
  test('gives every row, in order, whatever the size of the batches', async () => {
    for (const batchSize of [1, 7, 500, 1_000, 5_000]) {
      const seen: number[] = []
      const query = db.selectFrom('numbers').select('n').where('n', '<=', 500).orderBy('n')
      for await (const { n } of stream(query, { batchSize })) seen.push(n)
      expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => at + 1))
    }
    expect((await health(db)).pool.used).toBe(0)
  })

  test('closes the cursor and gives the connection back when the loop ends early', async () => {
    for await (const { n } of stream(db.selectFrom('numbers').selectAll())) if (n === 3) break
    const failed = (async () => {
      for await (const { n } of stream(db.selectFrom('numbers').selectAll())) {
        if (n === 3) throw new Error('enough')
      }
    })()
    await expect(failed).rejects.toThrow('enough')

    expect((await sql`select from pg_cursors`.execute(db)).rows).toEqual([])
    expect((await health(db)).pool.used).toBe(0)
  })

  test('a deadline cancels the batch that is being fetched', async () => {
    const slow = db
      .selectFrom('numbers')
      .select(sql<string>`pg_sleep(n)`.as('slept'))
      .orderBy('n')
    const failed = withTimeout(30, async () => {
      for await (const _row of stream(slow));
    })

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    expect((await health(db)).pool.used).toBe(0)
  })

  test('in a transaction other statements run between the rows, and break leaves it usable', async () => {
    await transaction(db, async (tx) => {
      let sum = 0
      const query = tx.selectFrom('numbers').selectAll().orderBy('n')
      for await (const { n } of stream(query, { batchSize: 2 })) {
        const row = await tx.selectFrom('numbers').selectAll().where('n', '=', n).executeTakeFirst()
        sum += row?.n ?? NaN
        if (n === 10) break
      }
      expect(sum).toBe(55)
      expect((await sql`select from pg_cursors`.execute(tx)).rows).toEqual([])
    })
  })

  test('an error in the query is a DbError and leaves nothing open', async () => {
    const wrong = db
      .selectFrom('numbers')
      .select(sql<number>`1 / (n - 5)`.as('x'))
      .orderBy('n')
    const failed = (async () => {
      for await (const _row of stream(wrong, { batchSize: 2 }));
    })()

    await expect(failed).rejects.toMatchObject({ code: 'data_exception', sqlState: '22012' })
    expect((await health(db)).pool.used).toBe(0)
  })
})

describe('stream of what writes', () => {
  const writes = {
    'insert … returning': (on: Database<Schema>) =>
      on
        .insertInto('numbers')
        .expression(sql`select n from generate_series(2001, 2010) n`)
        .returning('n'),
    'update … returning': (on: Database<Schema>) =>
      on
        .updateTable('numbers')
        .set({ n: sql`n + 1000` })
        .where('n', '>', 2_000)
        .returning('n'),
    'a CTE that writes': (on: Database<Schema>) =>
      on
        .with('added', (q) =>
          q
            .insertInto('numbers')
            .expression(sql`select n from generate_series(4001, 4010) n`)
            .returning('n'),
        )
        .selectFrom('added')
        .select('n'),
    'delete … returning': (on: Database<Schema>) =>
      on.deleteFrom('numbers').where('n', '>', 2_000).returning('n'),
  }

  test.each(Object.entries(writes))(
    '%s gives its rows, in a transaction and outside, and writes once',
    async (name, query) => {
      if (name.startsWith('update')) await writes['insert … returning'](db).execute()
      if (name.startsWith('delete')) await writes['insert … returning'](db).execute()
      const undo = new Error('undo')
      const inside: number[] = []
      const undone = transaction(db, async (tx) => {
        for await (const { n } of stream(query(tx as unknown as Database<Schema>), {
          batchSize: 3,
        })) {
          inside.push(n)
        }
        throw undo
      })
      await expect(undone).rejects.toBe(undo)
      const outside: number[] = []
      for await (const { n } of stream(query(db), { batchSize: 3 })) outside.push(n)

      expect(outside.length).toBeGreaterThanOrEqual(10)
      expect(new Set(inside)).toEqual(new Set(outside))
      await db.deleteFrom('numbers').where('n', '>', 1_000).execute()
      const left = await db.selectFrom('numbers').select('n').execute()
      expect(left).toHaveLength(1_000)
      expect((await health(db)).pool.used).toBe(0)
    },
  )

  test('has written all of it when the loop ends early', async () => {
    for await (const { n } of stream(writes['insert … returning'](db), { batchSize: 1 })) {
      if (n === 2_001) break
    }

    const deleted = await db.deleteFrom('numbers').where('n', '>', 1_000).executeTakeFirst()
    expect(deleted.numDeletedRows).toBe(10n)
  })
})
