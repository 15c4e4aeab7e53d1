import { exerciseHostileTexts } from '@yuzuru/concurrency/testing'
import { createDatabase, migrate } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CalendarStore } from './stores/calendar-store.ts'
import { calendarMigrations, kyselyCalendarStore } from './kysely.ts'

/** Texts go where a type says otherwise: as they come from a request in JavaScript. */
function unchecked(value: unknown): never {
  return value as never
}

const tokens = { accessToken: 'a', refreshToken: 'r', refreshAt: 1, scopes: ['s'] }
const pending = { reference: 'r', verifier: 'v', scopes: ['s'] }
const plain = { seal: (_: string, text: string) => text, open: (_: string, text: string) => text }

const WAYS: Record<string, (fixture: { readonly store: CalendarStore }, text: string) => unknown> =
  {
    'a reference': ({ store }, text) => store.load(text),
    tokens: ({ store }, text) => store.put(text, { ...tokens, accessToken: text, scopes: [text] }),
    'a version': ({ store }, text) => store.replace('r', unchecked(text), tokens),
    'a version to remove': ({ store }, text) => store.remove('r', unchecked(text)),
    'a version to claim': ({ store }, text) => store.claimRefresh('r', unchecked(text), 1),
    'a lease': ({ store }, text) => store.claimRefresh('r', 1, unchecked(text)),
    'a version to release': ({ store }, text) => store.releaseRefresh('r', unchecked(text), false),
    'a pending consent': ({ store }, text) =>
      store.putPending(text, { ...pending, reference: text, verifier: text }, 1),
    'the life of a consent': ({ store }, text) => store.putPending('k', pending, unchecked(text)),
    'a key': ({ store }, text) => store.takePending(text),
  }

let server: PostgresServer
let db: ReturnType<typeof createDatabase<unknown>>

beforeAll(async () => {
  server = await startPostgres()
  db = createDatabase<unknown>({ url: server.url })
  await migrate(db, calendarMigrations)
  await sql`create table canary ()`.execute(db)
})

afterAll(async () => {
  await db?.close()
  await server?.close()
})

const cases = exerciseHostileTexts({
  make: () => ({
    store: kyselyCalendarStore(db, { cipher: plain }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
  ways: WAYS,
  isRefusal: isRefusedValue,
  async check() {
    const { rows } = await sql`
      select to_regclass('canary') is not null as canary,
        to_regclass('harmed') is not null as harmed`.execute(db)
    expect(rows).toEqual([{ canary: true, harmed: false }])
  },
})

describe('hostile text in the Kysely store', () => {
  for (const { name, run } of cases) test(name, run)
})

function isRefusedValue(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(data_exception|check_violation)$/.test(String(error.code))
  )
}
