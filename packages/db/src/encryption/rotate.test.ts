import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { encryption } from './encryption.ts'
import { rotate } from './rotate.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  staff: { id: number; phone: string | null; phone_index: string | null }
}

const k1 = randomBytes(32)
const old = encryption({ keys: { k1 }, current: 'k1' }).encryptedText('staff', 'phone')
const both = encryption({ keys: { k1, k2: randomBytes(32) }, current: 'k2' })
const next = both.encryptedText('staff', 'phone')

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url })
  await sql`create table staff (id int primary key, phone text, phone_index text)`.execute(db)
})

beforeEach(async () => {
  await db.deleteFrom('staff').execute()
  const rows = Array.from({ length: 25 }, (_, id) => ({
    id,
    phone: old.seal(id, `0${id}`),
    phone_index: old.blindIndex(`0${id}`),
  }))
  await db.insertInto('staff').values(rows).execute()
  await db.insertInto('staff').values({ id: 99, phone: null, phone_index: null }).execute()
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

/** How many rows sequential scans have read, as the one connection of `one` has told. */
async function rowsScanned(one: Database<Schema>): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(one)
  const { rows } = await sql<{ read: bigint }>`
    select seq_tup_read as read from pg_stat_user_tables where relname = 'staff'`.execute(one)
  return Number(rows[0]?.read)
}

describe('rotate', () => {
  test('seals every value anew with the current key, and its blind index', async () => {
    expect(await rotate(db, next, { index: 'phone_index', batchSize: 10 })).toBe(25)

    const rows = await db.selectFrom('staff').selectAll().where('id', '<', 99).execute()
    for (const { id, phone, phone_index } of rows) {
      expect(phone?.startsWith(next.prefix)).toBe(true)
      expect(next.open(id, phone ?? '')).toBe(`0${id}`)
      expect(phone_index).toBe(next.blindIndex(`0${id}`))
    }
    expect(await rotate(db, next)).toBe(0)
  })

  test('goes on where it was interrupted, and two at once share the work', async () => {
    await transaction(db, async (tx) => {
      await sql`update staff set phone = ${next.seal(3, '03')} where id = 3`.execute(tx)
    })

    const counts = await Promise.all([
      rotate(db, next, { batchSize: 3 }),
      rotate(db, next, { batchSize: 3 }),
    ])

    expect(counts[0] + counts[1]).toBe(24)
  })

  test('walks the index of the id and reads the table once, however many batches there are', async () => {
    await using one = createDatabase<Schema>({ url: postgres.url, connections: 1 })
    const rows = Array.from({ length: 2_000 }, (_, at) => ({
      id: at + 100,
      phone: old.seal(at + 100, '0'),
      phone_index: null,
    }))
    for (let at = 0; at < rows.length; at += 1_000) {
      await one
        .insertInto('staff')
        .values(rows.slice(at, at + 1_000))
        .execute()
    }
    await sql`vacuum analyze staff`.execute(one)
    const before = await rowsScanned(one)

    expect(await rotate(one, next, { batchSize: 50 })).toBe(2_025)

    // Forty batches that read the table each would come to eighty thousand.
    expect((await rowsScanned(one)) - before).toBeLessThan(8_000)
  })

  test('waits for rows that somebody else holds', async () => {
    const held = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const holder = transaction(db, async (tx) => {
      await sql`select from staff where id = 1 for update`.execute(tx)
      locked.resolve()
      await held.promise
    })
    await locked.promise
    const rotating = rotate(db, next)
    const left = db.selectFrom('staff').select('id').where('phone', 'like', 'y1.k1.%')
    let ids: number[]
    do ids = (await left.execute()).map(({ id }) => id)
    while (ids.length > 1)
    expect(ids).toEqual([1])

    held.resolve()
    await holder

    expect(await rotating).toBe(25)
    expect(await left.execute()).toEqual([])
  })
})
