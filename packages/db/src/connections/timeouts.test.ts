import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { transaction } from '../transactions/transaction.ts'

let postgres: PostgresServer
let db: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase({ url: postgres.url })
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

async function settingOf(on: Kysely<object>, name: string): Promise<string | undefined> {
  const query = sql<{ value: string }>`select current_setting(${name}) as value`
  return (await query.execute(on)).rows[0]?.value
}

describe('timeouts', () => {
  test('the budget of the scope becomes the statement_timeout of the transaction, and of it alone', async () => {
    await using db = createDatabase<object>({ url: postgres.url, connections: 1 })
    const inside = await withTimeout(9_000, () =>
      transaction(db, (tx) => settingOf(tx, 'statement_timeout')),
    )

    expect(inside).toMatch(/^(9\d{3}ms|10s)$/)
    expect(await settingOf(db, 'statement_timeout')).toBe('0')
  })

  test('without a budget none is set', async () => {
    expect(await transaction(db, (tx) => settingOf(tx, 'statement_timeout'))).toBe('0')
  })

  test('no timeout goes into the startup parameters', async () => {
    const { rows } = await sql`select name from pg_settings
      where source = 'client' and name like '%timeout%'`.execute(db)

    expect(rows).toEqual([])
  })

  test('statementTimeoutMs fails with statement_timeout', async () => {
    const failed = transaction(db, (tx) => sql`select pg_sleep(60)`.execute(tx), {
      statementTimeoutMs: 20,
    })

    await expect(failed).rejects.toMatchObject({ code: 'statement_timeout', sqlState: '57014' })
  })

  test('our own deadline is a TimeoutError', async () => {
    const failed = withTimeout(20, () =>
      transaction(db, (tx) => sql`select pg_sleep(60)`.execute(tx)),
    )

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
  })

  test('a cancel by somebody else is query_canceled', async () => {
    const failed = transaction(
      db,
      async (tx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
        const running = Promise.allSettled([sql`select pg_sleep(60)`.execute(tx)])
        const cancel = sql<{ done: boolean }>`select pg_cancel_backend(pid) as done
          from pg_stat_activity where pid = ${rows[0]?.pid} and wait_event = 'PgSleep'`
        while ((await cancel.execute(db)).rows.length === 0);
        const [end] = await running
        if (end.status === 'rejected') throw end.reason
      },
      { allowNested: true },
    )

    await expect(failed).rejects.toMatchObject({ code: 'query_canceled', sqlState: '57014' })
  })

  test('lockTimeoutMs fails with lock_timeout', async () => {
    const failed = transaction(
      db,
      async (tx) => {
        await sql`select pg_advisory_xact_lock(1)`.execute(tx)
        await transaction(db, (other) => sql`select pg_advisory_xact_lock(1)`.execute(other), {
          lockTimeoutMs: 20,
        })
      },
      { allowNested: true },
    )

    await expect(failed).rejects.toMatchObject({ code: 'lock_timeout', sqlState: '55P03' })
  })
})
