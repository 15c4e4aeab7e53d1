import { randomBytes } from 'node:crypto'
import { gather } from '@yuzuru/concurrency'
import { createDatabase, type EncryptedText, encryption, migrate, rotate } from '@yuzuru/db'
import { startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { createCalendar } from '../create-calendar.ts'
import { calendarMigrations, kyselyCalendarStore } from '../kysely.ts'
import { connect, meeting } from '../testing/calendar-fixture.ts'

const KEYS = { k1: randomBytes(32), k2: randomBytes(32) }

const cipherOf = (keys: Record<string, Buffer>, current: string): EncryptedText =>
  encryption({ keys, current }).encryptedText('yuzuru_calendar_accounts', 'sealed')

test('keys are rotated while tokens are read, refreshed and stored, and nothing is lost', async () => {
  await using server = await startPostgres()
  await using db = createDatabase<unknown>({ url: server.url })
  await migrate(db, calendarMigrations)
  const [first, second] = [cipherOf(KEYS, 'k1'), cipherOf(KEYS, 'k2')]
  // One process still seals with the old key, and one with the new one.
  await using old = await startGoogleCalendar({
    store: kyselyCalendarStore(db, { cipher: first }),
  })
  const { client: _, ...options } = old.options
  const store = kyselyCalendarStore(db, { cipher: second })
  await using calendar = createCalendar({ ...options, store })
  const processes = [old.calendar, calendar]
  const references = Array.from({ length: 4 }, (__, at) => `staff-${at}`)
  for (const reference of references) await connect(old, reference, `${reference}@example.com`)
  const begun = await old.calendar.authorizeUrl({ reference: 'late' })
  const keysOf = async (): Promise<string[]> => {
    const { rows } = await sql<{ key: string }>`
      select distinct split_part(sealed, '.', 2) as key from yuzuru_calendar_accounts
      order by 1`.execute(db)
    return rows.map(({ key }) => key)
  }
  expect(await keysOf()).toEqual(['k1'])
  const rotating = async (): Promise<unknown> =>
    await rotate(db, second, { id: 'reference', batchSize: 3 })
  // Each refresh replaces the refresh token: one that was lost would end the account.
  for (const day of [1, 2, 3]) {
    await old.expireAccessTokens()
    const calls = references.flatMap((reference) =>
      processes.map((each) => (): Promise<unknown> => each.events.create(reference, meeting(day))),
    )
    await gather([rotating, ...calls, rotating])
  }
  // A consent that was begun under the old key ends under the new one.
  await calendar.exchange({ reference: 'late', ...(await old.allow(begun, 'late@example.com')) })
  await rotate(db, second, { id: 'reference' })
  expect(await keysOf()).toEqual(['k2'])
  // The old key is no longer needed.
  const alone = cipherOf({ k2: KEYS.k2 }, 'k2')
  await using after = createCalendar({
    ...options,
    store: kyselyCalendarStore(db, { cipher: alone }),
  })
  await old.expireAccessTokens()
  for (const reference of [...references, 'late']) {
    const { created } = await after.events.create(reference, meeting(20))
    expect(created).toBe(true)
  }
})
