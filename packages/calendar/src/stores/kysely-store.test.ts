import { createDatabase, encryption, migrate } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { CamelCasePlugin, Kysely, PostgresDialect, type QueryExecutorProvider, sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeCalendar } from '../testing.ts'
import { exerciseCalendarStore } from '../testing/exercise-calendar-store.ts'
import { calendarMigrations, kyselyCalendarStore } from '../kysely.ts'
import type { TokenCipher } from './token-cipher.ts'

const cipher: TokenCipher = encryption({
  keys: { k1: Buffer.alloc(32, 7).toString('base64') },
  current: 'k1',
}).encryptedText('yuzuru_calendar_accounts', 'sealed')
const tokens = {
  accessToken: 'ya29.secret-access',
  refreshToken: '1//secret-refresh',
  refreshAt: 1_800_000_000_000,
  scopes: ['https://www.googleapis.com/auth/calendar.events'],
}

let server: PostgresServer
let plain: Kysely<unknown>
let ours: ReturnType<typeof createDatabase<unknown>>

beforeAll(async () => {
  server = await startPostgres()
  const pool = new Pool({ connectionString: server.url })
  plain = new Kysely({ dialect: new PostgresDialect({ pool }) })
  ours = createDatabase<unknown>({ url: server.url, plugins: [new CamelCasePlugin()] })
  await migrate(ours, calendarMigrations)
})

afterAll(async () => {
  await plain?.destroy()
  await ours?.close()
  await server?.close()
})

const store = (db: QueryExecutorProvider): ReturnType<typeof kyselyCalendarStore> =>
  kyselyCalendarStore(db, { cipher })

describe('on a plain Kysely', () => {
  for (const { name, run } of exerciseCalendarStore(() => store(plain))) test(name, run)
})

describe('on a database of @yuzuru/db', () => {
  for (const { name, run } of exerciseCalendarStore(() => store(ours))) test(name, run)
})

describe('at rest', () => {
  test('no row holds a token or a verifier in the clear', async () => {
    await store(plain).put('at-rest', tokens)
    const pending = { reference: 'at-rest', verifier: 'the-verifier', scopes: ['a'] }
    await store(plain).putPending('key', pending, 60_000)
    const { rows } = await sql`
      select to_jsonb(a)::text as text from yuzuru_calendar_accounts a
      union all select to_jsonb(c)::text from yuzuru_calendar_consents c`.execute(plain)
    const text = JSON.stringify(rows)
    expect(text).toContain('at-rest')
    expect(text).not.toMatch(/ya29|secret|the-verifier/)
  })

  test('a row that is moved to another reference does not open', async () => {
    await store(plain).put('original', tokens)
    await sql`insert into yuzuru_calendar_accounts (reference, sealed)
      select 'moved', sealed from yuzuru_calendar_accounts where reference = 'original'`.execute(
      plain,
    )
    await expect(store(plain).load('original')).resolves.toMatchObject({ tokens })
    const error = await store(plain)
      .load('moved')
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'not_authentic' })
    expect(String(error)).not.toMatch(/ya29|secret/)
  })

  test('expired consents are forgotten when another one is kept', async () => {
    const pending = { reference: 'expired', verifier: 'v', scopes: ['a'] }
    await store(plain).putPending('expired-1', pending, 0)
    await store(plain).putPending('expired-2', pending, 60_000)
    const { rows } = await sql`
      select key from yuzuru_calendar_consents where reference = 'expired'`.execute(plain)
    expect(rows).toEqual([{ key: 'expired-2' }])
  })

  test('no store is made without a cipher', () => {
    const without = {} as { cipher: TokenCipher }
    expect(() => kyselyCalendarStore(plain, without)).toThrow(/Expected cipher to have functions/)
  })
})

test('the migration goes down and up again', async () => {
  const url = await server.createDatabase()
  await using db = createDatabase<unknown>({ url })
  const { yuzuru_calendar_0001_init: init } = calendarMigrations
  await init?.up(db)
  await init?.down?.(db)
  await init?.up(db)
  await expect(store(db).load('nobody')).resolves.toBeUndefined()
})

test('a calendar whose tables are not there says on which migrations it waits', async () => {
  await using db = createDatabase({ url: await server.createDatabase() })
  await using calendar = createFakeCalendar({ store: kyselyCalendarStore(db, { cipher }) })
  const verbs = [
    () => calendar.authorizeUrl({ reference: 'staff-1' }),
    () => calendar.account('staff-1'),
    () => calendar.events.get('staff-1', { id: 'abcde' }),
  ]
  for (const verb of verbs) {
    await expect(verb()).rejects.toMatchObject({
      name: 'CalendarError',
      code: 'not_migrated',
      outcome: 'none',
      message: expect.stringContaining('run migrate(db, [calendarMigrations]) first'),
    })
  }
})
