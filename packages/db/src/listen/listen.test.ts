import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { sql } from 'kysely'
import { EventEmitter, once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { bindingOf } from '../statements/binding.ts'
import { listen } from './listen.ts'
import { openLine } from './listen-line.ts'
import type { PgClientLike, PgQuery, PgResult } from '../wire/pg-client.ts'
import { PgWire } from '../wire/pg-wire.ts'
import type { SessionLease, SessionSource } from '../connections/session-source.ts'
import type { Session } from '../connections/session.ts'
import { transaction } from '../transactions/transaction.ts'

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
      where query like 'listen "again"%'`
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
    const query = sql`select from pg_stat_activity where query like 'listen "ends"%'`

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

/** A pooler that answers each statement from the backend that `backendOf` names. */
function pooler(processID: number, backendOf: (line: number, turn: number) => number | undefined) {
  const open = new Set<number>()
  let lines = 0
  const dedicate = async (): Promise<SessionLease> => {
    const line = lines
    lines += 1
    open.add(line)
    let turn = 0
    const query = async (_query: PgQuery, signal: AbortSignal): Promise<PgResult> => {
      const pid = backendOf(line, turn)
      turn += 1
      if (pid === undefined) {
        await once(signal, 'abort')
        throw signal.reason
      }
      return { command: 'SELECT', rowCount: 1, rows: [{ pid }] }
    }
    const client = Object.assign(new EventEmitter(), { processID }) as unknown as PgClientLike
    const wire = new PgWire(client)
    const destroy = (): void => void open.delete(line)
    const session = { wire, query, destroy } as unknown as Session
    return { session, reused: false, release: destroy }
  }
  const sessions = { dedicate } as unknown as SessionSource
  const { context } = bindingOf(db)
  return { context: { ...context, sessions }, open }
}

describe('a line', () => {
  test('to the server itself, or through a pooler that keeps to one backend, is one', async () => {
    for (const processID of [7, 99]) {
      const { context, open } = pooler(processID, (line) => 7 + line)
      const line = await openLine(context, 'plans', 10)
      await line.ping(1_000)

      expect(open).toEqual(new Set([0]))
      line.close()
    }
  })

  test('through a pooler that gives the backend to the next one is refused', async () => {
    const { context, open } = pooler(99, (line, turn) => (line === 0 && turn > 0 ? 8 : 7))

    await expect(openLine(context, 'plans', 10)).rejects.toMatchObject({
      code: 'listen_unsupported',
      retryable: false,
      outcome: 'none',
    })
    expect(open.size).toBe(0)
  })

  test('through a pooler that has no other backend is refused', async () => {
    using clock = TestClock.install()
    const { context, open } = pooler(99, (line, turn) => (line === 0 && turn > 0 ? undefined : 7))
    const failed = expect(openLine(context, 'plans', 10)).rejects.toMatchObject({
      code: 'listen_unsupported',
    })
    await clock.advance(2_000)

    await failed
    expect(open.size).toBe(0)
  })

  test('through a pooler that has no backend to try it on is one', async () => {
    using clock = TestClock.install()
    const { context, open } = pooler(99, (line) => (line === 0 ? 7 : undefined))
    const opened = openLine(context, 'plans', 10)
    await clock.advance(2_000)

    await (await opened).ping(1_000)
    expect(open).toEqual(new Set([0]))
  })

  test('that is given another backend later says so at the next sign of life', async () => {
    const { context } = pooler(99, (line, turn) => (turn > 1 ? 8 : 7))
    const line = await openLine(context, 'plans', 10)

    await expect(line.ping(1_000)).rejects.toMatchObject({ code: 'listen_unsupported' })
    line.close()
  })
})
