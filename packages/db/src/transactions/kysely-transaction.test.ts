import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { moveOnAfter } from '@yuzuru/concurrency'
import { CamelCasePlugin, type ControlledTransaction, type Kysely, sql } from 'kysely'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyIn } from '../copy/copy-in.ts'
import { copyOut } from '../copy/copy-out.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { encryption } from '../encryption/encryption.ts'
import { health } from '../statements/health.ts'
import { migrate } from '../migrations/migrate.ts'
import { createMigrator } from '../migrations/migrator.ts'
import { rotate } from '../encryption/rotate.ts'
import { transaction } from './transaction.ts'
import { afterCommit } from './transaction-hooks.ts'

interface Schema {
  plans: { id: string; sealed: string | null }
}

let postgres: PostgresServer
let db: Database<Schema>

const keys = { k1: randomBytes(32).toString('base64'), k2: randomBytes(32).toString('base64') }
const former = encryption({ keys, current: 'k1' }).encryptedText('plans', 'sealed')
const current = encryption({ keys, current: 'k2' }).encryptedText('plans', 'sealed')

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, connections: 2, acquireTimeoutMs: 2_000 })
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

beforeEach(async () => {
  await sql`drop table if exists plans, kysely_migration, kysely_migration_lock`.execute(db)
  await sql`create table plans (id text primary key, sealed text)`.execute(db)
  await db
    .insertInto('plans')
    .values({ id: 'old', sealed: former.seal('old', 'text') })
    .execute()
})

/** What is seen from outside. */
async function state(): Promise<unknown> {
  const rows = await db.selectFrom('plans').selectAll().orderBy('id').execute()
  return rows.map(({ id, sealed }) => [id, sealed === null ? null : current.isStale(sealed)])
}

const add = (on: Kysely<Schema>): Promise<unknown> =>
  on.insertInto('plans').values({ id: 'new', sealed: null }).execute()
const pidOf = async (on: Kysely<Schema>): Promise<unknown> =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(on)).rows[0]?.pid
const adding = {
  '0001': {
    async up(on: Kysely<Schema>) {
      await add(on)
    },
  },
}

type Body = (trx: Kysely<Schema>) => Promise<unknown>

/** What begins a transaction that is not `transaction()`'s. Each ends it as asked. */
const BEGUN: Record<string, (fn: Body, keeps: boolean) => Promise<unknown>> = {
  'db.transaction()': (fn, keeps) => db.transaction().execute((trx) => endAs(fn(trx), keeps)),
  'db.startTransaction()': (fn, keeps) => controlled(fn, keeps),
  'a schema and a plugin in it': (fn, keeps) =>
    db.transaction().execute((trx) => {
      const derived = trx.withPlugin(new CamelCasePlugin()).withSchema('public')
      return endAs(fn(derived), keeps)
    }),
  'a savepoint of Kysely': (fn, keeps) =>
    controlled(async (trx) => fn(await trx.savepoint('inner').execute()), keeps),
  'text on db.connection()': (fn, keeps) =>
    db.connection().execute(async (on) => {
      await sql`begin`.execute(on)
      await fn(on)
      await sql.raw(keeps ? 'commit' : 'rollback').execute(on)
    }),
  'db.transaction() on db.connection()': (fn, keeps) =>
    db.connection().execute((on) => on.transaction().execute((trx) => endAs(fn(trx), keeps))),
}

const undone = new Error('undone')

async function endAs(done: Promise<unknown>, keeps: boolean): Promise<void> {
  await done
  if (!keeps) throw undone
}

async function controlled(
  fn: (trx: ControlledTransaction<Schema>) => Promise<unknown>,
  keeps: boolean,
): Promise<void> {
  const trx = await db.startTransaction().execute()
  try {
    await fn(trx)
  } catch (error) {
    await trx.rollback().execute()
    throw error
  }
  await (keeps ? trx.commit() : trx.rollback()).execute()
}

/** All that opens a transaction when it is given a database. */
const VERBS: Record<string, Body> = {
  transaction: (trx) => transaction(trx, (tx) => add(tx)),
  'transaction in a transaction': (trx) =>
    transaction(trx, (tx) => transaction(tx, (inner) => add(inner))),
  'transaction with options': (trx) =>
    transaction(trx, (tx) => add(tx), { timeoutMs: 60_000, isolation: 'serializable' }),
  migrate: (trx) => migrate(trx, adding),
  'a migrator': async (trx) => {
    const { error } = await createMigrator(trx, adding).migrateToLatest()
    expect(error).toBeUndefined()
  },
  'copyOut and copyIn': async (trx) => {
    for await (const row of copyOut(trx, 'plans')) {
      expect(row.id).toBe('old')
      break
    }
    await copyIn(trx, { table: 'plans', columns: ['id'] }, [['new']])
  },
}

for (const [begun, begin] of Object.entries(BEGUN)) {
  describe(`in ${begun}`, () => {
    for (const [name, verb] of Object.entries(VERBS)) {
      test(`what ${name} did ends as that does`, async () => {
        for (const keeps of [false, true]) {
          await begin(async (trx) => {
            const before = await pidOf(trx)
            await verb(trx)
            expect(await pidOf(trx)).toBe(before)
            expect((await trx.selectFrom('plans').selectAll().execute()).length).toBe(2)
          }, keeps).catch((error: unknown) => expect(error).toBe(undone))

          const rows = await state()
          expect(rows).toEqual(
            keeps
              ? [
                  ['new', null],
                  ['old', true],
                ]
              : [['old', true]],
          )
        }
        expect((await health(db)).pool.used).toBe(0)
      })
    }

    test('what rotate did ends as that does', async () => {
      for (const keeps of [false, true]) {
        await begin(async (trx) => {
          expect(await rotate(trx, current)).toBe(1)
        }, keeps).catch((error: unknown) => expect(error).toBe(undone))

        expect(await state()).toEqual([['old', !keeps]])
      }
    })

    test('a savepoint that fails undoes itself and poisons nothing', async () => {
      await begin(async (trx) => {
        const failed = transaction(trx, async (tx) => {
          await add(tx)
          await add(tx)
        })
        await expect(failed).rejects.toMatchObject({ code: 'unique_violation' })
        const cancelled = await moveOnAfter(20, () =>
          transaction(trx, (tx) => sql`select pg_sleep(600)`.execute(tx)),
        )
        expect(cancelled.expired).toBe(true)
        await add(trx)
      }, true)

      expect(await state()).toEqual([
        ['new', null],
        ['old', true],
      ])
    })

    test('a tx that was kept is dead once that has ended', async () => {
      let kept: Kysely<Schema> | undefined
      await begin(
        (trx) =>
          transaction(trx, async (tx) => {
            kept = tx
          }),
        true,
      )

      await expect(add(kept ?? db)).rejects.toMatchObject({ code: 'transaction_ended' })
    })

    test('afterCommit is refused: nobody here is told of its commit', async () => {
      const failed = begin(
        (trx) => transaction(trx, async (tx) => afterCommit(tx, () => undefined)),
        true,
      )

      await expect(failed).rejects.toThrow(/^Expected the tx of transaction\(db, fn\)/)
    })
  })
}

async function committed(): Promise<Kysely<Schema>> {
  const trx = await db.startTransaction().execute()
  await trx.commit().execute()
  return trx
}

describe('after the end of a transaction of Kysely', () => {
  test('its trx begins no other one', async () => {
    const trx: Kysely<Schema> = await committed()

    await expect(transaction(trx, (tx) => add(tx))).rejects.toMatchObject({
      code: 'transaction_ended',
    })
    expect(await state()).toEqual([['old', true]])
    expect((await health(db)).pool.used).toBe(0)
  })
})

describe('on db.connection()', () => {
  test('a transaction is one of its own, on that connection', async () => {
    await db.connection().execute(async (on) => {
      await sql`set application_name = 'mine'`.execute(on)
      const before = await pidOf(on)
      await transaction(on, async (tx) => {
        expect(await pidOf(tx)).toBe(before)
        await add(tx)
      })
      expect(await state()).toEqual([
        ['new', null],
        ['old', true],
      ])
      const failed = transaction(on, async (tx) => {
        await tx.deleteFrom('plans').execute()
        throw undone
      })
      await expect(failed).rejects.toBe(undone)
      expect(await pidOf(on)).toBe(before)
    })

    expect(await state()).toEqual([
      ['new', null],
      ['old', true],
    ])
    expect((await health(db)).pool.used).toBe(0)
  })

  test('is run again after a conflict', async () => {
    let calls = 0
    await db.connection().execute((on) =>
      transaction(on, async (tx) => {
        calls += 1
        await add(tx)
        if (calls < 3) await sql`do 'begin raise sqlstate ''40001''; end'`.execute(tx)
      }),
    )

    expect([calls, await state()]).toEqual([
      3,
      [
        ['new', null],
        ['old', true],
      ],
    ])
  })

  test('a transaction within it is a savepoint', async () => {
    await db.connection().execute((on) =>
      transaction(on, async (tx) => {
        await add(tx)
        const failed = transaction(on, async (inner) => {
          await inner.deleteFrom('plans').execute()
          throw undone
        })
        await expect(failed).rejects.toBe(undone)
      }),
    )

    expect(await state()).toEqual([
      ['new', null],
      ['old', true],
    ])
  })

  test('nothing else runs on it meanwhile: it would be part of the transaction, unseen', async () => {
    await db.connection().execute((on) =>
      transaction(on, async (tx) => {
        await tx.selectFrom('plans').selectAll().execute()
        const refusal = { code: 'nested_connection', outcome: 'none' }
        await expect(add(on)).rejects.toMatchObject(refusal)
        await expect(
          copyIn(on, { table: 'plans', columns: ['id'] }, [['new']]),
        ).rejects.toMatchObject(refusal)
        await expect(on.transaction().execute((trx) => add(trx))).rejects.toMatchObject(refusal)
      }),
    )

    expect(await state()).toEqual([['old', true]])
  })

  test('the first connection is refused in a transaction, as ever', async () => {
    await transaction(db, async () => {
      const failed = db.connection().execute((on) => transaction(on, (tx) => add(tx)))
      await expect(failed).rejects.toMatchObject({ code: 'nested_connection' })
    })
  })
})
