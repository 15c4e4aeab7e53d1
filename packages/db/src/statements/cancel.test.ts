import { startFaultProxy, startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { Cancelled, sleep, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from './health.ts'
import { hammer } from '../../test/hammer.ts'

let postgres: PostgresServer
let watcher: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  watcher = createDatabase({ url: postgres.url })
})

afterAll(async () => {
  await watcher.close()
  await postgres.close()
})

/** What the sessions of an application are doing. */
async function activityOf(name: string): Promise<{ pid: number; state: string }[]> {
  const { rows } = await sql<{ pid: number; state: string }>`
    select pid, state from pg_stat_activity where application_name = ${name}`.execute(watcher)
  return rows
}

/** How many statements are hammered with cancels. */
const TURNS = Number(process.env['YUZURU_TEST_CANCELS'] ?? 500)

describe('cancel', () => {
  test('a deadline stops the statement on the server before the caller is told', async () => {
    await using db = createDatabase({ url: postgres.url, applicationName: 'deadline' })
    await sql`select 1`.execute(db)

    const failed = withTimeout(50, () => sql`select pg_sleep(60)`.execute(db))

    await expect(failed).rejects.toBeInstanceOf(TimeoutError)
    expect(await activityOf('deadline')).toEqual([{ pid: expect.any(Number), state: 'idle' }])
  })

  test('the connection is used again after a cancel', async () => {
    await using db = createDatabase({ url: postgres.url, applicationName: 'again' })
    const pid = async (): Promise<unknown> =>
      (await sql`select pg_backend_pid() as pid`.execute(db)).rows[0]
    const before = await pid()

    await withTimeout(20, () => sql`select pg_sleep(60)`.execute(db)).catch(() => undefined)

    expect(await pid()).toEqual(before)
  })

  test('a signal that was passed to Kysely stops the statement on the server before the caller is told', async () => {
    await using db = createDatabase({ url: postgres.url, applicationName: 'signal' })
    const abort = new AbortController()
    const query = sql`select pg_sleep(60)`.compile(db)
    const failed = db.executeQuery(query, { signal: abort.signal })
    while ((await activityOf('signal'))[0]?.state !== 'active');

    abort.abort(new Error('enough'))

    await expect(failed).rejects.toMatchObject({ source: 'signal', cause: { message: 'enough' } })
    expect((await activityOf('signal'))[0]?.state).toBe('idle')
  })

  test('cancels at any moment under load hit no other query and leak no connection', async () => {
    await using db = createDatabase({
      url: postgres.url,
      applicationName: 'hammer',
      connections: 4,
      acquireTimeoutMs: 20_000,
    })
    const { cancels, failures } = await hammer(db, TURNS)

    expect(failures).toEqual([])
    expect(cancels).toBeGreaterThan(TURNS / 5)
    expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
    expect((await activityOf('hammer')).length).toBeLessThanOrEqual(4)
  }, 300_000)

  test('a server that does not answer is given up after the bound', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    const url = proxy.url(postgres.url)
    await using db = createDatabase({ url, cancelTimeoutMs: 100 })
    await sql`select 1`.execute(db)
    proxy.set({ halfOpen: true })

    const failed = withTimeout(20, () => sql`select 1`.execute(db))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' })
    proxy.clear()
    expect((await sql`select 2 as two`.execute(db)).rows).toEqual([{ two: 2 }])
  })

  test('a cancel that overtakes its statement is sent again', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using db = createDatabase({ url: proxy.url(postgres.url), connections: 1 })
    const pid = async (): Promise<unknown> =>
      (await sql`select pg_backend_pid() as pid`.execute(db)).rows[0]
    const before = await pid()
    // The statement is under way for a while; the cancel, on a connection of its own, is not.
    proxy.set({ latencyMs: { toServer: 100 } })
    const failed = withTimeout(20, async () => {
      const running = sql`select pg_sleep(60)`.execute(db)
      await sleep(5)
      proxy.clear()
      await running
    })

    await expect(failed).rejects.toMatchObject({ code: 'timeout' })
    expect(await pid()).toEqual(before)
  })

  test('a statement that fails costs no connection, however slowly its end arrives', async () => {
    await using proxy = await startFaultProxy({ target: postgres })
    await using db = createDatabase({ url: proxy.url(postgres.url), connections: 1 })
    const pid = async (): Promise<unknown> =>
      (await sql`select pg_backend_pid() as pid`.execute(db)).rows[0]
    const before = await pid()
    proxy.set({ bytesPerSecond: 400 })

    await expect(sql`selec`.execute(db)).rejects.toMatchObject({ code: 'syntax_error' })

    proxy.clear()
    expect(await pid()).toEqual(before)
  })

  test('a cancel while waiting for a connection takes nothing and sends nothing', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: taken, resolve: isTaken } = Promise.withResolvers<void>()
    const holder = db.connection().execute(async (one) => {
      await sql`select 1`.execute(one)
      isTaken()
      await held
    })
    await taken

    const failed = withTimeout(5, () => sql`select 1`.execute(db))

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
    letGo()
    await holder
    expect((await sql`select 2 as two`.execute(db)).rows).toEqual([{ two: 2 }])
  })

  test('a cancelled scope starts no query', async () => {
    await using db = createDatabase({ url: 'postgres://127.0.0.1:1/nowhere' })
    let seen: unknown
    await withTimeout(60_000, async (scope) => {
      scope.cancel('not any more')
      seen = await sql`select 1`.execute(db).catch((error: unknown) => error)
    }).catch(() => undefined)

    expect(Cancelled.isInstance(seen)).toBe(true)
  })
})
