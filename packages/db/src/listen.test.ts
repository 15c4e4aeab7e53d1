import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { withTimeout } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { listen } from './listen.ts'
import { transaction } from './transaction.ts'

let postgres: PostgresServer
let db: Database<object>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<object>({ url: postgres.url })
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

async function notify(channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db)
}

describe('listen', () => {
  test('gives what is notified, in order, once it is committed', async () => {
    const heard: string[] = []
    const onListening = (): void => {
      void transaction(db, async (tx) => {
        await sql`select pg_notify('Plans "a"', n::text) from generate_series(1, 3) n`.execute(tx)
      })
    }
    for await (const { channel, payload } of listen(db, 'Plans "a"', { onListening })) {
      heard.push(`${channel}: ${payload}`)
      if (heard.length === 3) break
    }

    expect(heard).toEqual(['Plans "a": 1', 'Plans "a": 2', 'Plans "a": 3'])
  })

  test('connects again when its connection is lost, and says so', async () => {
    const kill = sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where query = 'listen "again"'`
    let times = 0
    const onListening = (): void => {
      times += 1
      void (times === 1 ? kill.execute(db) : notify('again', 'heard'))
    }
    for await (const { payload } of listen(db, 'again', { onListening })) {
      expect(payload).toBe('heard')
      break
    }

    expect(times).toBe(2)
  })

  test('its connection ends with the loop', async () => {
    for await (const _ of listen(db, 'ends', { onListening: () => void notify('ends', '') })) break
    const query = sql`select from pg_stat_activity where query = 'listen "ends"'`

    while ((await query.execute(db)).rows.length > 0);
  })

  test('a deadline ends it', async () => {
    const failed = withTimeout(50, async () => {
      for await (const _ of listen(db, 'quiet'));
    })

    await expect(failed).rejects.toMatchObject({ code: 'timeout', outcome: 'none' })
  })

  test('asks a quiet server for a sign of life', async () => {
    const failed = withTimeout(100, async () => {
      for await (const _ of listen(db, 'ping', { keepAliveMs: 10 }));
    })
    await expect(failed).rejects.toMatchObject({ code: 'timeout' })
  })

  test('gives up when nobody takes what it hears', async () => {
    const { promise: flooded, resolve } = Promise.withResolvers<void>()
    const flood = async (): Promise<void> => {
      await sql`select pg_notify('flood', n::text) from generate_series(1, 10) n`.execute(db)
      resolve()
    }
    const listener = (async () => {
      for await (const _ of listen(db, 'flood', {
        bufferLimit: 4,
        onListening: () => void flood(),
      })) {
        await flooded
      }
    })()

    await expect(listener).rejects.toMatchObject({ code: 'overloaded' })
  })

  test('ends when the database is closed', async () => {
    const own = createDatabase({ url: postgres.url })
    const { promise: listening, resolve: onListening } = Promise.withResolvers<void>()
    const listener = (async () => {
      for await (const _ of listen(own, 'closing', { onListening }));
    })()
    const failed = expect(listener).rejects.toMatchObject({ code: 'closed' })
    await listening

    await own.close()

    await failed
  })
})
