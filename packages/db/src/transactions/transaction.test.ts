import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { cancelScope, detached, sleep, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commitOutcome } from './commit-outcome.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { DbError } from '../wire/db-error.ts'
import { transaction } from './transaction.ts'
import { afterCommit, afterRollback } from './transaction-hooks.ts'

interface Schema {
  accounts: { id: number; balance: number }
}

let postgres: PostgresServer
let url: string
let db: Database<Schema>

beforeAll(async () => {
  // Transfers in both directions deadlock often; by default the server looks only after a second.
  postgres = await startPostgres({ settings: { deadlock_timeout: '10ms' } })
  url = await postgres.createDatabase()
  db = createDatabase<Schema>({ url })
  await sql`create table accounts (id int primary key, balance int not null)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

beforeEach(async () => {
  await db
    .insertInto('accounts')
    .values([
      { id: 1, balance: 100 },
      { id: 2, balance: 100 },
    ])
    .execute()
})

afterEach(async () => {
  await db.deleteFrom('accounts').execute()
})

async function balanceOf(id: number, from: Kysely<Schema> = db): Promise<number | undefined> {
  const row = await from.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
  return row?.balance
}

async function setBalance(on: Kysely<Schema>, id: number, balance: number): Promise<void> {
  await on.updateTable('accounts').set({ balance }).where('id', '=', id).execute()
}

/** Has the server raise an error of this SQLSTATE. */
async function raise(on: Kysely<Schema>, sqlState: string): Promise<void> {
  await sql`do ${sql.lit(`begin raise exception 'asked for' using errcode = '${sqlState}'; end`)}`.execute(
    on,
  )
}

describe('transaction', () => {
  test('commits when the function returns, and returns its value', async () => {
    const value = await transaction(
      db,
      async (tx) => {
        await setBalance(tx, 1, 50)
        expect(await balanceOf(1)).toBe(100)
        return 'done'
      },
      { allowNested: true },
    )

    expect(value).toBe('done')
    expect(await balanceOf(1)).toBe(50)
  })

  test('rolls back when the function throws, and throws that very error', async () => {
    const wrong = new Error('wrong')
    const failed = transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      throw wrong
    })

    await expect(failed).rejects.toBe(wrong)
    expect(await balanceOf(1)).toBe(100)
  })

  test('a cancel rolls back, and no effect is left', async () => {
    const failed = withTimeout(50, () =>
      transaction(db, async (tx) => {
        await setBalance(tx, 1, 50)
        await sql`select pg_sleep(60)`.execute(tx)
      }),
    )

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    expect(await balanceOf(1)).toBe(100)
  })

  test('a cancel that the function swallowed rolls back all the same', async () => {
    const failed = withTimeout(20, () =>
      transaction(db, async (tx) => {
        await setBalance(tx, 1, 50)
        await sleep(60_000).catch(() => undefined)
      }),
    )

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    expect(await balanceOf(1)).toBe(100)
  })

  test('timeoutMs bounds it', async () => {
    const failed = transaction(db, (tx) => sql`select pg_sleep(60)`.execute(tx), { timeoutMs: 30 })

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
  })

  test('a signal cancels it', async () => {
    const abort = new AbortController()
    const failed = transaction(
      db,
      async (tx) => {
        await setBalance(tx, 1, 50)
        abort.abort(new Error('enough'))
        await balanceOf(1, tx)
      },
      { signal: abort.signal },
    )

    await expect(failed).rejects.toMatchObject({ source: 'signal' })
    expect(await balanceOf(1)).toBe(100)
  })

  test('a statement whose error was swallowed makes it fail with that error', async () => {
    const failed = transaction(db, async (tx) => {
      await setBalance(tx, 2, 50)
      await tx
        .insertInto('accounts')
        .values({ id: 1, balance: 0 })
        .execute()
        .catch(() => undefined)
      return 'as if nothing had happened'
    })

    await expect(failed).rejects.toMatchObject({ code: 'unique_violation', columns: ['id'] })
    expect(await balanceOf(2)).toBe(100)
  })

  test('the first error is thrown, not what PostgreSQL says to the statements after it', async () => {
    const failed = transaction(db, async (tx) => {
      await tx
        .insertInto('accounts')
        .values({ id: 1, balance: 0 })
        .execute()
        .catch(() => undefined)
      await balanceOf(1, tx)
    })

    await expect(failed).rejects.toMatchObject({ code: 'unique_violation' })
  })

  test('a rollback that fails is the suppressed of the error that is thrown', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using db = createDatabase<Schema>({ url: proxy.url(url) })
    proxy.set({ dropReply: { when: 'rollback' } })
    const wrong = new Error('wrong')

    const failed = transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      throw wrong
    })

    await expect(failed).rejects.toBe(wrong)
    expect(wrong).toMatchObject({ suppressed: { code: 'connection_lost' } })
  })

  test('wrong options are refused before anything is sent', async () => {
    const nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })
    const wrong = [
      { attempts: 0 },
      { isolation: 'chaos' as 'serializable' },
      { deferrable: true },
      { statementTimeoutMs: 0 },
    ]
    for (const options of wrong) {
      await expect(transaction(nowhere, async () => 1, options)).rejects.toThrow(/^Expected /)
    }
  })

  test('isolation, readOnly and deferrable reach the server', async () => {
    const { rows } = await transaction(
      db,
      (tx) =>
        sql`select current_setting('transaction_isolation') as isolation,
        current_setting('transaction_read_only') as read_only,
        current_setting('transaction_deferrable') as deferrable`.execute(tx),
      { isolation: 'serializable', readOnly: true, deferrable: true },
    )

    expect(rows).toEqual([{ isolation: 'serializable', read_only: 'on', deferrable: 'on' }])
  })

  test('readOnly refuses writes and spends no transaction id', async () => {
    const { rows } = await transaction(
      db,
      (tx) => sql`select pg_current_xact_id_if_assigned() as id`.execute(tx),
      { readOnly: true },
    )
    expect(rows).toEqual([{ id: null }])

    const failed = transaction(db, (tx) => setBalance(tx, 1, 0), { readOnly: true })
    await expect(failed).rejects.toMatchObject({ code: 'read_only', outcome: 'none' })
  })
})

describe('COMMIT', () => {
  /** Makes COMMIT take so long whenever a row of accounts was changed. */
  async function slowCommits(seconds: number): Promise<AsyncDisposable> {
    await sql`create function slow() returns trigger language plpgsql as
      ${sql.lit(`begin perform pg_sleep(${seconds}); return null; end`)}`.execute(db)
    await sql`create constraint trigger slow after update on accounts
      deferrable initially deferred for each row execute function slow()`.execute(db)
    return {
      async [Symbol.asyncDispose]() {
        await sql`drop function slow cascade`.execute(db)
      },
    }
  }

  test('is not cancelled once it is under way', async () => {
    await using _slow = await slowCommits(0.3)
    const committing = sql`select from pg_stat_activity where query = 'commit' and state = 'active'`
    let value: string | undefined
    await cancelScope(async (scope) => {
      const running = transaction(db, async (tx) => {
        await setBalance(tx, 1, 50)
        return 'committed'
      })
      while ((await committing.execute(db)).rows.length === 0);
      scope.cancel()
      value = await running
    })

    expect(value).toBe('committed')
    expect(await balanceOf(1)).toBe(50)
  })

  test('is bounded, and unknown when its answer does not come in time', async () => {
    await using _slow = await slowCommits(0.3)
    await using db = createDatabase<Schema>({ url, commitTimeoutMs: 50 })

    const error = await transaction(db, (tx) => setBalance(tx, 1, 50)).catch((it: unknown) => it)

    expect(error).toMatchObject({ code: 'commit_unknown', outcome: 'unknown', retryable: false })
    // The server was not asked to stop, so it goes on.
    expect(await commitOutcome(db, error)).toBe('committed')
  })

  test.each([{ isolation: 'read committed' }, { isolation: 'serializable' }] as const)(
    'whose answer is lost is unknown, and commitOutcome finds that it took effect ($isolation)',
    async (options) => {
      await using proxy = await startFaultProxy({ target: postgres })
      await using flaky = createDatabase<Schema>({ url: proxy.url(url) })
      // With its end: BEGIN may say "read committed".
      proxy.set({ dropReply: { when: 'commit\0', times: 1 } })
      let calls = 0

      const error = await transaction(
        flaky,
        async (tx) => {
          calls += 1
          await setBalance(tx, 1, 50)
          afterCommit(tx, () => expect.unreachable())
          afterRollback(tx, () => expect.unreachable())
        },
        options,
      ).catch((it: unknown) => it)

      expect(error).toMatchObject({ code: 'commit_unknown', outcome: 'unknown', retryable: false })
      expect(DbError.isInstance(error) && error.transactionId).toMatch(/^\d+$/)
      expect(calls).toBe(1)
      expect(await commitOutcome(db, error)).toBe('committed')
      expect(await balanceOf(1)).toBe(50)
    },
  )

  test('that never arrived is unknown as well, and commitOutcome finds that it did not take effect', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using flaky = createDatabase<Schema>({ url: proxy.url(url) })

    const error = await transaction(flaky, async (tx) => {
      await setBalance(tx, 1, 50)
      proxy.set({ resetAfterBytes: { toServer: 0 } })
    }).catch((it: unknown) => it)

    expect(error).toMatchObject({ code: 'commit_unknown', outcome: 'unknown' })
    expect(await commitOutcome(db, error)).toBe('aborted')
    expect(await balanceOf(1)).toBe(100)
  })

  test('of a read-only transaction leaves nothing unknown', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using flaky = createDatabase<Schema>({ url: proxy.url(url) })
    proxy.set({ dropReply: { when: 'commit\0' } })

    const failed = transaction(flaky, (tx) => balanceOf(1, tx), { readOnly: true })

    await expect(failed).rejects.toMatchObject({ code: 'connection_lost', outcome: 'none' })
  })

  test('a constraint that fails at COMMIT is no unknown outcome', async () => {
    const failed = transaction(db, async (tx) => {
      await sql`create table deferred (a int unique deferrable initially deferred)`.execute(tx)
      await sql`insert into deferred values (1), (1)`.execute(tx)
    })

    await expect(failed).rejects.toMatchObject({
      code: 'unique_violation',
      outcome: 'none',
      constraint: 'deferred_a_key',
    })
  })

  test('commitOutcome takes nothing but an unknown commit', async () => {
    await expect(commitOutcome(db, new Error('other'))).rejects.toThrow('Expected a DbError')
  })
})

describe('attempts', () => {
  test.each(['40001', '40P01'])(
    '%s reruns the whole outermost function, also out of a savepoint',
    async (state) => {
      const calls: string[] = []
      await transaction(db, async (tx) => {
        calls.push('outer')
        await transaction(tx, async (inner) => {
          calls.push('inner')
          await setBalance(inner, 1, calls.length)
          if (calls.length < 6) await raise(inner, state)
        })
      })

      expect(calls).toEqual(['outer', 'inner', 'outer', 'inner', 'outer', 'inner'])
      expect(await balanceOf(1)).toBe(6)
    },
  )

  test('reruns after a conflict that the function wrapped in an error of its own', async () => {
    let calls = 0
    await transaction(db, async (tx) => {
      calls += 1
      try {
        if (calls === 1) await raise(tx, '40001')
      } catch (cause) {
        throw new Error('could not book', { cause })
      }
    })

    expect(calls).toBe(2)
  })

  test('stops after so many, with the last conflict', async () => {
    let calls = 0
    const failed = transaction(
      db,
      async (tx) => {
        calls += 1
        await raise(tx, '40001')
      },
      { attempts: 3 },
    )

    await expect(failed).rejects.toMatchObject({ code: 'serialization_failure', retryable: true })
    expect(calls).toBe(3)
  })

  test('nothing else is rerun', async () => {
    let calls = 0
    const failed = transaction(db, async (tx) => {
      calls += 1
      await raise(tx, '23505')
    })

    await expect(failed).rejects.toMatchObject({ code: 'unique_violation' })
    expect(calls).toBe(1)
  })

  test('the hooks of a failed attempt are forgotten', async () => {
    const told: string[] = []
    let calls = 0
    await transaction(db, async (tx) => {
      calls += 1
      const attempt = calls
      afterCommit(tx, () => told.push(`committed ${attempt}`))
      afterRollback(tx, () => told.push(`rolled back ${attempt}`))
      if (attempt === 1) await raise(tx, '40001')
    })

    expect(told).toEqual(['committed 2'])
  })

  test('200 conflicting serializable transfers end with the right sum', async () => {
    const transfer = (turn: number): Promise<void> =>
      transaction(
        db,
        async (tx) => {
          const [from, to] = turn % 2 === 0 ? [1, 2] : [2, 1]
          const [a, b] = [await balanceOf(from, tx), await balanceOf(to, tx)]
          await setBalance(tx, from, (a ?? NaN) - 1)
          await setBalance(tx, to, (b ?? NaN) + 1)
        },
        { isolation: 'serializable', attempts: 1_000 },
      )

    await Promise.all(Array.from({ length: 200 }, (_, turn) => transfer(turn)))

    expect([await balanceOf(1), await balanceOf(2)]).toEqual([100, 100])
  })
})

describe('savepoint', () => {
  test('a failure inside undoes what was done inside, and nothing else', async () => {
    await transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      const failed = transaction(tx, async (inner) => {
        await setBalance(inner, 2, 50)
        await inner.insertInto('accounts').values({ id: 1, balance: 0 }).execute()
      })
      await expect(failed).rejects.toMatchObject({ code: 'unique_violation' })
      expect(await balanceOf(2, tx)).toBe(100)
    })

    expect([await balanceOf(1), await balanceOf(2)]).toEqual([50, 100])
  })

  test('a failure that was undone is not blamed for a later one', async () => {
    const failed = transaction(db, async (tx) => {
      await transaction(tx, (inner) => raise(inner, '23505')).catch(() => undefined)
      await raise(tx, '22012').catch(() => undefined)
    })

    await expect(failed).rejects.toMatchObject({ sqlState: '22012' })
  })

  test('savepoints that are started at once take turns', async () => {
    await transaction(db, async (tx) => {
      await Promise.allSettled(
        [3, 4, 5, 6].map((id) =>
          transaction(tx, async (inner) => {
            await inner.insertInto('accounts').values({ id, balance: id }).execute()
            if (id % 2 === 0) throw new Error('even')
          }),
        ),
      )
    })

    const rows = await db.selectFrom('accounts').select('id').orderBy('id').execute()
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 5])
  })

  test('the outer tx inside a savepoint stands for the savepoint', async () => {
    await transaction(db, async (tx) => {
      await transaction(tx, async () => {
        await transaction(tx, (inner) => setBalance(inner, 1, 50))
        throw new Error('undo')
      }).catch(() => undefined)
    })

    expect(await balanceOf(1)).toBe(100)
  })

  test('a deadline inside leaves the transaction usable', async () => {
    await transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      await withTimeout(30, () =>
        transaction(tx, (inner) => sql`select pg_sleep(60)`.execute(inner)),
      ).catch(() => undefined)
      await setBalance(tx, 2, 50)
    })

    expect([await balanceOf(1), await balanceOf(2)]).toEqual([50, 50])
  })
})

describe('the end of a transaction', () => {
  test('a tx used after it fails with transaction_ended', async () => {
    const tx = await transaction(db, async (tx) => tx)

    await expect(balanceOf(1, tx)).rejects.toMatchObject({
      code: 'transaction_ended',
      outcome: 'none',
    })
    await expect(transaction(tx, async () => 1)).rejects.toMatchObject({
      code: 'transaction_ended',
    })
    expect(() => afterCommit(tx, () => 1)).toThrow('This transaction has ended')
  })

  test('work that nobody awaited can not go on in it', async () => {
    let late: Promise<unknown> | undefined
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    await transaction(db, async (tx) => {
      late = ended.then(() => setBalance(tx, 1, 0)).catch((error: unknown) => error)
    })
    end()

    expect(await late).toMatchObject({ code: 'transaction_ended' })
    expect(await balanceOf(1)).toBe(100)
  })

  test('work in no scope at all that waits for its turn does not get one after the end', async () => {
    const late: Promise<unknown>[] = []
    const failed = transaction(db, async (tx) => {
      late.push(detached(() => sql`select pg_sleep(0.1)`.execute(tx)))
      late.push(detached(() => setBalance(tx, 1, 0)).catch((error: unknown) => error))
    })

    await expect(failed).rejects.toThrow('while 2 statements of it ran')
    expect(await late[1]).toMatchObject({ code: 'transaction_ended' })
    expect(await balanceOf(1)).toBe(100)
  })

  test('the outer db inside its own transaction is refused, also with a pool of one', async () => {
    await using small = createDatabase<Schema>({ url, connections: 1 })
    await transaction(small, async (tx) => {
      const nested = { code: 'nested_connection', outcome: 'none' }
      await expect(balanceOf(1, small)).rejects.toMatchObject(nested)
      await expect(transaction(small, async () => 1)).rejects.toMatchObject(nested)
      expect(await balanceOf(1, tx)).toBe(100)
      // Another database is none of its business.
      expect(await balanceOf(1, db)).toBe(100)
    })
  })
})

describe('hooks', () => {
  test('afterCommit is called after the commit, in order, and awaited', async () => {
    const told: unknown[] = []
    await transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      afterCommit(tx, async () => told.push(await balanceOf(1)))
      await transaction(tx, async (inner) => {
        afterCommit(inner, () => told.push('inner'))
      })
      expect(told).toEqual([])
    })

    expect(told).toEqual([50, 'inner'])
  })

  test('afterRollback is called after a rollback, also after one to a savepoint', async () => {
    const told: string[] = []
    await transaction(db, async (tx) => {
      afterRollback(tx, () => told.push('never'))
      await transaction(tx, async (inner) => {
        afterCommit(inner, () => told.push('never'))
        afterRollback(inner, () => told.push('savepoint'))
        throw new Error('undo')
      }).catch(() => undefined)
      expect(told).toEqual([])
    })
    await transaction(db, async (tx) => {
      afterRollback(tx, () => told.push('transaction'))
      throw new Error('undo')
    }).catch(() => undefined)

    expect(told).toEqual(['savepoint', 'transaction'])
  })

  test('hooks hold no connection, so that they can use the db', async () => {
    await using small = createDatabase<Schema>({ url, connections: 1, acquireTimeoutMs: 5_000 })
    const told: unknown[] = []
    const tell = async (): Promise<void> => void told.push(await balanceOf(1, small))
    await transaction(small, async (tx) => afterCommit(tx, tell))
    await transaction(small, async (tx) => {
      afterRollback(tx, tell)
      await raise(tx, '40001')
    }).catch(() => undefined)

    expect(told).toEqual([100, 100])
  })

  test('a failing afterCommit says that the commit stands', async () => {
    const wrong = new Error('wrong')
    const failed = transaction(db, async (tx) => {
      await setBalance(tx, 1, 50)
      afterCommit(tx, () => Promise.reject(wrong))
    })

    await expect(failed).rejects.toMatchObject({
      code: 'after_commit_failed',
      outcome: 'unknown',
      cause: wrong,
    })
    expect(await balanceOf(1)).toBe(50)
  })
})

describe("Kysely's own transaction", () => {
  test('commits, rolls back and is cancelled like any query', async () => {
    await db.transaction().execute((trx) => setBalance(trx, 1, 50))
    const failed = withTimeout(30, () =>
      db
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (trx) => {
          await setBalance(trx, 2, 50)
          await sql`select pg_sleep(60)`.execute(trx)
        }),
    )

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
    expect([await balanceOf(1), await balanceOf(2)]).toEqual([50, 100])
  })

  test('controlled transactions and their savepoints work', async () => {
    const trx = await db.startTransaction().execute()
    const after = await trx.savepoint('before').execute()
    await setBalance(after, 1, 50)
    await after.rollbackToSavepoint('before').execute()
    await setBalance(trx, 2, 50)
    await trx.commit().execute()

    expect([await balanceOf(1), await balanceOf(2)]).toEqual([100, 50])
  })
})
