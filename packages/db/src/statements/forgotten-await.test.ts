import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { cancelScope, type Leftover, run, sleep, taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyIn } from '../copy/copy-in.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from './health.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  plans: { id: number }
}

let postgres: PostgresServer
let db: Database<Schema>
let leftovers: Leftover[]

const note = (leftover: unknown): void => void leftovers.push(leftover as Leftover)

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, connections: 2 })
  await sql`create table plans (id int primary key)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

beforeEach(async () => {
  await db.deleteFrom('plans').execute()
  await db.insertInto('plans').values({ id: 0 }).execute()
  // In each tenth of a second the places of the first twenty calls are noted for sure.
  await sleep(100)
  leftovers = []
  subscribe('yuzuru:leftover', note)
})

afterEach(() => unsubscribe('yuzuru:leftover', note))

async function ids(): Promise<number[]> {
  const rows = await db.selectFrom('plans').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Lines of this file, each of which somebody forgot to await. */
const FORGOTTEN: Record<string, (on: Kysely<Schema>) => unknown> = {
  'execute()': (on) => on.insertInto('plans').values({ id: 1 }).execute(),
  'executeTakeFirst()': (on) => on.insertInto('plans').values({ id: 1 }).executeTakeFirst(),
  'executeTakeFirstOrThrow()': (on) =>
    on.insertInto('plans').values({ id: 1 }).returningAll().executeTakeFirstOrThrow(),
  'sql text': (on) => sql`insert into plans values (1)`.execute(on),
  'executeQuery()': (on) => on.executeQuery(sql`insert into plans values (1)`.compile(on)),
  'a query that violates a key': (on) => on.insertInto('plans').values({ id: 0 }).execute(),
  'a slow one': (on) => sql`select pg_sleep(600)`.execute(on),
}

/** Where the caller's line is, if it is in the stack. */
const HERE = /forgotten-await\.test\.ts:\d+/

describe('a query that nobody awaits', () => {
  for (const [name, call] of Object.entries(FORGOTTEN)) {
    test(`is an error of a strict run, which names its line: ${name}`, async () => {
      const failed = run(
        async () => {
          call(db)
        },
        { strict: true, shutdownSignals: [] },
      )

      const error: unknown = await failed.catch((error: unknown) => error)
      expect(error).toMatchObject({ name: 'LeftoverError' })
      expect((error as Error).message).toMatch(HERE)
      expect((await health(db)).pool.used).toBe(0)
    })

    test(`is ended with its scope, and reported with its line: ${name}`, async () => {
      await cancelScope(async () => {
        call(db)
      })

      expect(leftovers[0]).toMatchObject({ name: 'db.query', state: 'cancelled' })
      expect(leftovers[0]?.place).toMatch(HERE)
      expect((await health(db)).pool.used).toBe(0)
    })

    test(`keeps a transaction from committing without it: ${name}`, async () => {
      const failed = transaction(db, async (tx) => {
        await tx.insertInto('plans').values({ id: 5 }).execute()
        call(tx)
      })

      await expect(failed).rejects.toMatchObject({
        code: 'transaction_aborted',
        outcome: 'none',
        message: expect.stringContaining('Is an await missing?'),
      })
      expect(leftovers[0]?.place).toMatch(HERE)
      expect(await ids()).toEqual([0])
      expect((await health(db)).pool.used).toBe(0)
    })

    test(`keeps a savepoint from being kept without it: ${name}`, async () => {
      await transaction(db, async (tx) => {
        const failed = transaction(tx, async (part) => {
          await part.insertInto('plans').values({ id: 5 }).execute()
          call(part)
        })
        await expect(failed).rejects.toMatchObject({ code: 'transaction_aborted' })
        await tx.insertInto('plans').values({ id: 6 }).execute()
      })

      expect(await ids()).toEqual([0, 6])
    })
  }

  test('keeps a transaction from committing when it is the first one too', async () => {
    const failed = transaction(db, async (tx) => {
      void tx.insertInto('plans').values({ id: 1 }).execute()
    })

    await expect(failed).rejects.toMatchObject({ code: 'transaction_aborted' })
    expect(await ids()).toEqual([0])
  })

  test('is not all that is ended with its scope: a whole transaction is', async () => {
    await cancelScope(async () => {
      void transaction(db, async (tx) => {
        await tx.insertInto('plans').values({ id: 1 }).execute()
        await sql`select pg_sleep(600)`.execute(tx)
      })
      // So far that its INSERT has been sent.
      await health(db)
    })

    expect(leftovers).toMatchObject([{ name: 'transaction', state: 'cancelled' }])
    expect((await health(db)).pool.used).toBe(0)
    expect(await ids()).toEqual([0])
  })

  test('does so as a savepoint, and as a COPY', async () => {
    for (const forget of [
      (on: Kysely<Schema>) =>
        void transaction(on, (part) => part.insertInto('plans').values({ id: 1 }).execute()),
      (on: Kysely<Schema>) => void copyIn(on, { table: 'plans', columns: ['id'] }, [[1]]),
    ]) {
      const failed = transaction(db, async (tx) => {
        await tx.insertInto('plans').values({ id: 5 }).execute()
        forget(tx)
      })

      await expect(failed).rejects.toMatchObject({ code: 'transaction_aborted' })
      expect(await ids()).toEqual([0])
    }
  })

  test('is none when somebody awaits it elsewhere in the transaction', async () => {
    await transaction(db, async (tx) => {
      await taskGroup(async (group) => {
        for (let id = 1; id <= 20; id += 1) {
          group.spawn(() => tx.insertInto('plans').values({ id }).execute())
        }
      })
      await Promise.all([21, 22].map((id) => tx.insertInto('plans').values({ id }).execute()))
    })

    expect((await ids()).length).toBe(23)
    expect(leftovers).toEqual([])
  })
})
