import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { listJobs } from '../dashboard/job-list.ts'
import { momentText } from './moment-text.ts'

/** Connects with other settings of how moments are written. */
function styled(url: string, dateStyle: string, timeZone: string): Kysely<TestSchema> {
  const other = new URL(url)
  const options = other.searchParams.get('options') ?? ''
  const settings = `-c datestyle=${dateStyle} -c timezone=${timeZone}`
  other.searchParams.set('options', `${options} ${settings}`)
  const db = openKysely(other.href, 2)
  onTestFinished(() => db.destroy())
  return db
}

const STYLES = ['ISO,MDY', 'SQL,DMY', 'Postgres,MDY', 'German,DMY'] as const

test.each(STYLES)('a moment is the same as text, also for another session: %s', async (style) => {
  const { db, url } = await queue()
  const there = styled(url, style, 'Asia/Kolkata')
  const moments = ['2026-11-30 09:58:19.898489+00', '4713-01-02 00:00:00+00 BC', '275760-09-13+00']
  for (const moment of moments) {
    const { rows } = await sql<{
      text: string
    }>`select ${momentText(sql`${moment}::timestamptz`)} as text`.execute(there)
    const text = rows[0]?.text ?? ''
    const read = sql<{
      same: boolean
    }>`select ${text}::timestamptz = ${moment}::timestamptz as same`
    expect((await read.execute(db)).rows).toEqual([{ same: true }])
    expect((await read.execute(there)).rows).toEqual([{ same: true }])
  }
})

test.each(STYLES)(
  'a list of jobs goes on behind its first page, with moments as %s',
  async (style) => {
    const { db, url } = await queue()
    await sql`
    insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at, stage)
    select gen_random_uuid(), 'kind', 'queue', '{}', 0, 5,
      case when stage = 0 then '4713-01-02 00:00:00+00 BC' else now() + interval '1 day' end + n * interval '1 second', stage
    from generate_series(1, 60) as n, (values (0), (1)) as s (stage)`.execute(db)
    const there = styled(url, style, 'Asia/Kolkata')
    for (const list of ['due', 'later'] as const) {
      const first = await listJobs(there, { list }, {})
      const second = await listJobs(there, { list, after: first.next }, {})
      const ids = new Set([...first.jobs, ...second.jobs].map(({ id }) => id))
      expect([ids.size, second.next]).toEqual([60, undefined])
    }
  },
)
