import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import {
  Cancelled,
  cancelScope,
  gather,
  moveOnAfter,
  sleep,
  taskGroup,
  TimeoutError,
  withTimeout,
} from '@yuzuru/concurrency'
import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { DbError } from '../wire/db-error.ts'
import { transaction } from './transaction.ts'

interface Schema {
  plans: { id: number }
}

type Tx = Transaction<Schema>

let postgres: PostgresServer
let db: Database<Schema>

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
})

/** A query that only a cancel ends. */
const slow = (tx: Tx): Promise<unknown> => sql`select pg_sleep(600)`.execute(tx)
const add = (tx: Tx, id: number): Promise<unknown> =>
  tx.insertInto('plans').values({ id }).execute()

async function idsKept(): Promise<number[]> {
  const rows = await db.selectFrom('plans').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** How a scope within the transaction ends what runs in it, with nothing cancelled further out. */
const INNER: Record<string, (work: () => Promise<unknown>) => Promise<unknown>> = {
  moveOnAfter: (work) => moveOnAfter(20, work),
  'withTimeout, caught': (work) => withTimeout(20, work).catch(() => undefined),
  'cancelScope, caught': (work) =>
    cancelScope((scope) => {
      setTimeout(() => scope.cancel(), 20)
      return work()
    }).catch(() => undefined),
  'a group that cancels itself': (work) =>
    taskGroup(async (group) => {
      group.spawn(work)
      await sleep(20)
      group.cancel()
    }).catch(() => undefined),
  'a task that is cancelled': (work) =>
    taskGroup(async (group) => {
      const task = group.spawn(work)
      await sleep(20)
      task.cancel()
    }),
  'a sibling that fails': (work) =>
    gather([
      work,
      async () => {
        await sleep(20)
        throw new Error('sibling')
      },
    ]).catch(() => undefined),
  'gather that settles': (work) => gather([() => moveOnAfter(20, work)], { settle: true }),
  'the cancel itself, kept and dropped': async (work) => {
    try {
      await cancelScope((scope) => {
        setTimeout(() => scope.cancel(), 20)
        return work()
      })
    } catch (error) {
      expect(Cancelled.isInstance(error)).toBe(true)
    }
  },
}

/** How a cancel of a scope within ends the function of the transaction, because it lets that pass. */
const PASSED: Record<string, (work: () => Promise<unknown>) => Promise<unknown>> = {
  cancelScope: (work) =>
    cancelScope((scope) => {
      setTimeout(() => scope.cancel(), 20)
      return work()
    }),
  'the await of a task that is cancelled': (work) =>
    taskGroup(async (group) => {
      const task = group.spawn(work)
      setTimeout(() => task.cancel(), 20)
      await task
    }),
}

/** What is around the transaction; each gives what came of it. */
const AROUND: Record<string, (work: () => Promise<unknown>) => Promise<unknown>> = {
  nothing: (work) => work(),
  'a group': (work) => taskGroup(async (group) => void group.spawn(work)),
  'a group that awaits it': (work) => taskGroup(async (group) => await group.spawn(work)),
  gather: (work) => gather([work]),
  withTimeout: (work) => withTimeout(60_000, work),
  moveOnAfter: (work) => moveOnAfter(60_000, work),
}

/** The failure that a group or a gather wrapped, or the thing itself. */
function failureIn(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length === 1 ? error.errors[0] : error
}

for (const [outer, around] of Object.entries(AROUND)) {
  describe(`in ${outer}, a cancel within a transaction`, () => {
    for (const [name, inner] of Object.entries({ ...INNER, ...PASSED })) {
      test(`aborts it, which says so and is no cancel: ${name}`, async () => {
        const failed = around(() =>
          transaction(db, async (tx) => {
            await add(tx, 1)
            await inner(() => slow(tx))
          }),
        )

        const error: unknown = failureIn(await failed.catch((error: unknown) => error))
        expect(error).toBeInstanceOf(DbError)
        expect(error).toMatchObject({ code: 'transaction_aborted', outcome: 'none' })
        expect(Cancelled.isInstance((error as DbError).cause)).toBe(true)
        expect(await idsKept()).toEqual([])
      })

      test(`with more statements after it says what had happened: ${name}`, async () => {
        const failed = around(() =>
          transaction(db, async (tx) => {
            await add(tx, 1)
            await inner(() => slow(tx))
            await add(tx, 2)
          }),
        )

        const error: unknown = failureIn(await failed.catch((error: unknown) => error))
        expect(error).toBeInstanceOf(DbError)
        expect(error).toMatchObject({ code: 'transaction_aborted', outcome: 'none' })
        expect(await idsKept()).toEqual([])
      })
    }

    for (const [name, inner] of Object.entries(INNER)) {
      test(`with a savepoint around the slow part undoes that, and the rest commits: ${name}`, async () => {
        await around(() =>
          transaction(db, async (tx) => {
            await add(tx, 1)
            await inner(() =>
              transaction(tx, async (part) => {
                await add(part, 2)
                await slow(part)
              }),
            )
            await add(tx, 3)
          }),
        )

        expect(await idsKept()).toEqual([1, 3])
      })

      test(`within the savepoint fails that, and the rest may go on: ${name}`, async () => {
        await around(() =>
          transaction(db, async (tx) => {
            await add(tx, 1)
            const part = transaction(tx, async (part) => {
              await add(part, 2)
              await inner(() => slow(part))
            })
            await expect(part).rejects.toMatchObject({ code: 'transaction_aborted' })
            await add(tx, 3)
          }),
        )

        expect(await idsKept()).toEqual([1, 3])
      })
    }

    for (const [name, inner] of Object.entries(PASSED)) {
      test(`that leaves a savepoint is no cancel there either: ${name}`, async () => {
        await around(() =>
          transaction(db, async (tx) => {
            await add(tx, 1)
            const part = transaction(tx, async (part) => {
              await add(part, 2)
              await inner(() => slow(part))
            })
            await expect(part).rejects.toMatchObject({ code: 'transaction_aborted' })
            await add(tx, 3)
          }),
        )

        expect(await idsKept()).toEqual([1, 3])
      })
    }
  })
}

describe('a cancel around a transaction', () => {
  for (const [name, inner] of Object.entries({ ...INNER, ...PASSED })) {
    test(`stays one, whatever was cancelled within: ${name}`, async () => {
      let seen: unknown
      const failed = cancelScope(async (scope) => {
        await transaction(db, async (tx) => {
          await add(tx, 1)
          await inner(async () => {
            setTimeout(() => scope.cancel('from outside'), 0)
            await slow(tx)
          })
          await sleep(60_000)
        }).catch((error: unknown) => {
          seen = error
          throw error
        })
      })

      await expect(failed).rejects.toMatchObject({ name: 'Cancelled', message: 'from outside' })
      expect(seen).toMatchObject({ name: 'Cancelled', message: 'from outside' })
      expect(await idsKept()).toEqual([])
    })
  }

  test('takes precedence over an inner one that the function throws after it', async () => {
    const failed = cancelScope((scope) =>
      transaction(db, async (tx) => {
        const inner: unknown = await cancelScope((within) => {
          within.cancel('from within')
          return add(tx, 1)
        }).catch((error: unknown) => error)
        scope.cancel('from outside')
        throw inner
      }),
    )

    await expect(failed).rejects.toMatchObject({ name: 'Cancelled', message: 'from outside' })
  })

  test('that a transaction within lets pass ends the group as a cancel', async () => {
    const { expired } = await moveOnAfter(20, () =>
      taskGroup(async (group) => {
        group.spawn(() => transaction(db, (tx) => slow(tx)))
      }),
    )

    expect(expired).toBe(true)
  })

  test('is a TimeoutError for who set the time, in the transaction too', async () => {
    const failed = transaction(db, (tx) => withTimeout(20, () => slow(tx)))

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
  })
})
