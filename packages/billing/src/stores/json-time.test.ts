import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { readOptionalTime, readTime } from './json-time.ts'

test.each([
  ['2026-11-29T15:12:25+00:00', Date.UTC(2026, 10, 29, 15, 12, 25)],
  ['2026-11-29T15:12:25.1+09:00', Date.UTC(2026, 10, 29, 6, 12, 25, 100)],
  ['2026-11-29T15:12:25.123456-03:30', Date.UTC(2026, 10, 29, 18, 42, 25, 123)],
  ['1969-12-31T23:15:30-00:44:30', 0],
  ['1887-12-31T15:00:00.25+09:18:59', Date.UTC(1887, 11, 31, 5, 41, 1, 250)],
  ['12026-01-01T00:00:00+00:00', Date.UTC(12_026, 0, 1)],
  ['275760-09-13T00:00:00+00:00', 8.64e15],
])('%s is read', (text, ms) => {
  expect(readTime(text)).toBe(ms)
  expect(readOptionalTime(text)).toBe(ms)
})

test('what is no time is refused, and none is none', () => {
  for (const text of ['', 'infinity', '0044-03-15T00:00:00+00:00 BC']) {
    expect(() => readTime(text)).toThrow('Expected a time of PostgreSQL')
  }
  expect(readOptionalTime(null)).toBeUndefined()
})

test.each(['UTC', 'Asia/Tokyo', 'America/St_Johns', 'Africa/Monrovia'])(
  'PostgreSQL writes the times of a session in %s so that they are read as what they were',
  async (zone) => {
    await using database = await openDatabase()
    const times = [0, 1, 1_800_000_000_123, 4e14, 8.64e15]
    await database.db.connection().execute(async (db) => {
      await sql`select set_config('timezone', ${zone}, false)`.execute(db)
      const { rows } = await sql<{ readonly it: string }>`
        select json_build_array(to_timestamp(ms / 1000))::text as it
        from unnest(${times}::float8[]) with ordinality as t (ms, at) order by at`.execute(db)
      const read = rows.map(({ it }) => readTime((JSON.parse(it) as [string])[0]))
      expect(read).toEqual(times)
      await sql`reset timezone`.execute(db)
    })
  },
)
