import { io, outcomeOf } from '@yuzuru/concurrency'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { transaction } from './transaction.ts'

interface Schema {
  readonly acts: { readonly id: string }
}

let postgres: PostgresServer
let db: Database<Schema>
/** Another database, as far as a transaction of `db` is concerned. */
let other: Database<Schema>
let charges = 0

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase({ url: postgres.url })
  other = createDatabase({ url: postgres.url })
  await sql`create table acts (id text)`.execute(db)
})

beforeEach(() => {
  charges = 0
})

afterAll(async () => {
  await db.close()
  await other.close()
  await postgres.close()
})

const act = (on: Database<Schema>): Promise<unknown> =>
  on.insertInto('acts').values({ id: 'beside' }).execute()

async function charge(effect: 'read' | 'write'): Promise<void> {
  await io({ boundary: 'pay', operation: 'charge', effect }, {}, () => (charges += 1))
}

/** What a function may do beside its transaction, which no rollback undoes. */
const BESIDE: Readonly<Record<string, () => Promise<unknown>>> = {
  'a request': () => charge('write'),
  'a request whose failure was caught': () =>
    io({ boundary: 'pay', operation: 'charge', effect: 'write' }, {}, () => {
      charges += 1
      throw new Error('connection lost')
    }).catch(() => undefined),
  'a write to another database': () => act(other),
  'a transaction on another database': () => transaction(other, (tx) => act(tx as never)),
}

const conflict = sql`do $$ begin raise exception using errcode = '40001', message = 'no'; end $$`

async function done(): Promise<number> {
  const rows = await db.deleteFrom('acts').returning('id').execute()
  return charges + rows.length
}

describe('a transaction that conflicts is not run again after', () => {
  test.each(Object.keys(BESIDE))('%s', async (name) => {
    let runs = 0
    const error = await transaction(db, async (tx) => {
      runs += 1
      await BESIDE[name]?.()
      await conflict.execute(tx)
    }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'serialization_failure' })
    expect(outcomeOf(error)).toBe('unknown')
    expect([runs, await done()]).toEqual([1, 1])
  })

  test('nor where the function wraps its conflict in an error that is unknown', async () => {
    let runs = 0
    const failing = transaction(db, async (tx) => {
      runs += 1
      await conflict.execute(tx).catch((cause: unknown) => {
        throw Object.assign(new Error('charged', { cause }), { outcome: 'unknown' })
      })
    })
    await expect(failing).rejects.toThrow('charged')
    expect(runs).toBe(1)
  })

  test('but it is after reads beside it, and what it did itself', async () => {
    let runs = 0
    await transaction(db, async (tx) => {
      await charge('read')
      await other.selectFrom('acts').selectAll().execute()
      await tx.insertInto('acts').values({ id: 'own' }).execute()
      await transaction(tx, (inner) => inner.insertInto('acts').values({ id: 'own' }).execute())
      runs += 1
      if (runs < 3) await conflict.execute(tx)
    })
    expect(runs).toBe(3)
    expect((await db.deleteFrom('acts').returning('id').execute()).length).toBe(2)
  })
})

describe('a transaction that its function ended by hand', () => {
  test.each([
    ['rollback', 'none', 0],
    ['/* app */ rollback', 'none', 0],
    ['commit', 'unknown', 1],
    ['-- app\nend', 'unknown', 1],
  ])('is no success: %j', async (text, outcome, kept) => {
    const failing = transaction(db, async (tx) => {
      await tx.insertInto('acts').values({ id: 'own' }).execute()
      await sql.raw(text).execute(tx)
    })
    await expect(failing).rejects.toMatchObject({ code: 'transaction_ended', outcome })
    expect(await done()).toBe(kept)
  })

  test('runs nothing after that by itself', async () => {
    const failing = transaction(db, async (tx) => {
      await tx.insertInto('acts').values({ id: 'own' }).execute()
      await sql`rollback`.execute(tx)
      await tx.insertInto('acts').values({ id: 'after' }).execute()
    })
    await expect(failing).rejects.toMatchObject({ code: 'transaction_ended', outcome: 'none' })
    expect(await done()).toBe(0)
  })
})
