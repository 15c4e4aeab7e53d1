import { cancelScope, checkpoint, withTimeout } from '@yuzuru/concurrency'
import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { Pool as PgPool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commitOutcome } from '../transactions/commit-outcome.ts'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { bindingOf } from './binding.ts'
import { Lease } from './lease.ts'
import { transaction } from '../transactions/transaction.ts'
import { TransactionBegin } from './transaction-begin.ts'

interface Schema {
  notes: { id: number }
}

let postgres: PostgresServer
let url: string
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  db = createDatabase<Schema>({ url })
  await sql`create table notes (id int primary key)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

beforeEach(async () => {
  await db.deleteFrom('notes').execute()
})

function add(on: Kysely<Schema>, id: number): Promise<unknown> {
  return on.insertInto('notes').values({ id }).execute()
}

async function notes(on: Kysely<Schema> = db): Promise<number[]> {
  const rows = await on.selectFrom('notes').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

async function assignedId(on: Kysely<Schema>): Promise<string | null> {
  const query = sql<{ id: string | null }>`select pg_current_xact_id_if_assigned()::text as id`
  return (await query.execute(on)).rows[0]?.id ?? null
}

describe('the begin of a transaction', () => {
  test('goes out with its first statement: a transaction of one takes two round trips', async () => {
    const pool = new PgPool({ connectionString: url, max: 1 })
    let writes = 0
    pool.on('connect', (client) => {
      const { stream } = client.connection
      const write = stream.write.bind(stream) as (data: Buffer) => boolean
      stream.write = (data: Buffer) => {
        writes += 1
        return write(data)
      }
    })
    const db = createDatabase<Schema>({ client: pool })
    await notes(db)
    writes = 0

    await transaction(db, (tx) => add(tx, 1))

    expect(writes).toBe(2)
    expect(await notes()).toEqual([1])
    await pool.end()
  })

  test('is not sent for a transaction that runs nothing', async () => {
    const nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })

    expect(await transaction(nowhere, async () => 'done')).toBe('done')
  })

  test('that the server refuses lets nothing run, also later', async () => {
    const { context } = bindingOf(db)
    const begin = new TransactionBegin(() => ['begin isolation level odd'], true, context.types)
    const lease = new Lease(context, begin)
    const insert = CompiledQuery.raw('insert into notes values ($1)', [1])

    await expect(lease.executeQuery(insert)).rejects.toMatchObject({
      operation: 'begin',
      code: 'syntax_error',
      outcome: 'none',
    })
    await expect(lease.executeQuery(insert)).rejects.toMatchObject({ code: 'transaction_aborted' })
    lease.release()
    expect(await notes()).toEqual([])
  })

  test('that fails makes the transaction fail, though its function swallowed it', async () => {
    const nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })

    const failed = transaction(nowhere, async (tx) => {
      await add(tx, 1).catch(() => undefined)
    })

    await expect(failed).rejects.toMatchObject({ code: 'connection_failed', outcome: 'none' })
  })

  test('may be waited for in vain: a deadline around one statement leaves the others', async () => {
    await using small = createDatabase<Schema>({ url, connections: 1 })
    const taken = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const holder = small.connection().execute(async (one) => {
      await notes(one)
      taken.resolve()
      await held.promise
    })
    await taken.promise

    await transaction(small, async (tx) => {
      await expect(withTimeout(5, () => add(tx, 1))).rejects.toMatchObject({ code: 'timeout' })
      held.resolve()
      await add(tx, 2)
    })

    await holder
    expect(await notes()).toEqual([2])
  })

  test('takes its time limit from around the transaction, not from around the statement', async () => {
    const limit = await withTimeout(90_000, () =>
      transaction(db, (tx) =>
        withTimeout(5_000, async () => {
          const query = sql<{ ms: number }>`
            select extract(epoch from current_setting('statement_timeout')::interval)::int as ms`
          return (await query.execute(tx)).rows[0]?.ms
        }),
      ),
    )

    expect(limit).toBeGreaterThan(80)
  })

  test('comes before several statements in one text as well', async () => {
    const failed = transaction(db, async (tx) => {
      await sql`insert into notes values (1); insert into notes values (2)`.execute(tx)
      expect(await notes(tx)).toEqual([1, 2])
      throw new Error('undo')
    })

    await expect(failed).rejects.toThrow('undo')
    expect(await notes()).toEqual([])
  })

  test('comes before a savepoint and before a cursor', async () => {
    await transaction(db, (tx) => transaction(tx, (inner) => add(inner, 1)))
    const seen = await transaction(db, async (tx) => {
      const rows: number[] = []
      for await (const { id } of tx.selectFrom('notes').selectAll().stream(1)) rows.push(id)
      return rows
    })

    expect(seen).toEqual([1])
  })
})

describe("the transaction's id", () => {
  test('is not spent on what only reads', async () => {
    const id = await transaction(db, async (tx) => {
      await notes(tx)
      return await assignedId(tx)
    })

    expect(id).toBe(null)
  })

  test.each([
    { what: 'one query of ours', first: async () => undefined },
    { what: 'those before it', first: (on: Kysely<Schema>) => transaction(on, (tx) => add(tx, 1)) },
    {
      what: 'one that prepared it',
      first: async (on: Kysely<Schema>) => {
        await transaction(on, (tx) => add(tx, 1))
        await transaction(on, (tx) => add(tx, 2))
      },
    },
    {
      what: 'one after which nothing is prepared any more',
      first: async (on: Kysely<Schema>) => {
        await transaction(on, (tx) => add(tx, 1))
        await transaction(on, (tx) => add(tx, 2))
        await sql`discard all`.execute(on)
      },
    },
  ])('is right after $what on the same connection', async ({ first }) => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using flaky = createDatabase<Schema>({ url: proxy.url(url), connections: 1 })
    await notes(flaky)
    await first(flaky)
    proxy.set({ dropReply: { when: 'commit\0', times: 1 } })
    let expected: string | null = null

    const error = await transaction(flaky, async (tx) => {
      await add(tx, 9)
      expected = await assignedId(tx)
    }).catch((it: unknown) => it)

    expect(error).toMatchObject({ code: 'commit_unknown', transactionId: expected })
    expect(await commitOutcome(db, error)).toBe('committed')
  })

  test('is known of a transaction that only notifies', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using flaky = createDatabase<Schema>({ url: proxy.url(url) })
    proxy.set({ dropReply: { when: 'commit\0', times: 1 } })

    const error = await transaction(flaky, (tx) => sql`notify spring`.execute(tx)).catch(
      (it: unknown) => it,
    )

    expect(error).toMatchObject({ code: 'commit_unknown' })
    expect(await commitOutcome(db, error)).toBe('committed')
  })

  test('is not missed where nothing was written: a lost COMMIT leaves nothing unknown', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using flaky = createDatabase<Schema>({ url: proxy.url(url) })
    proxy.set({ dropReply: { when: 'commit\0', times: 1 } })

    const failed = transaction(flaky, (tx) => notes(tx))

    await expect(failed).rejects.toMatchObject({ code: 'connection_lost', outcome: 'none' })
  })
})

test('a cancel at any moment leaves all of a transaction or nothing', async () => {
  await using own = createDatabase<Schema>({ url, connections: 2 })
  await notes(own)
  for (let turn = 0; turn < 60; turn += 1) {
    const ids = [turn * 2, turn * 2 + 1] as const
    let committed = false
    await cancelScope(async (scope) => {
      const running = transaction(own, async (tx) => {
        await add(tx, ids[0])
        await add(tx, ids[1])
      }).then(() => (committed = true))
      for (let step = 0; step < turn; step += 1) await checkpoint()
      scope.cancel()
      await running.catch(() => undefined)
    }).catch(() => undefined)
    const found = (await notes()).filter((id) => ids.includes(id))
    expect(found).toEqual(committed ? ids : [])
  }
})
