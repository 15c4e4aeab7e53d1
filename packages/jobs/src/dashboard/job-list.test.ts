import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueFlow } from '../queue/enqueue-flow.ts'
import { type JobPage, listJobs, type ListRequest, LISTS } from './job-list.ts'

/** Jobs of all lists, many of which ended or are due at the same moment. */
async function fill(db: Kysely<TestSchema>, many: number): Promise<void> {
  await sql`
    insert into yuzuru_job_history (id, name, queue, state, payload, priority, max_attempts, run_at, finished_at)
    select gen_random_uuid(), 'kind ' || n % 3, 'queue ' || n % 2, state, '{}', 0, 5, now(),
      now() - n / 40 * interval '1 second'
    from generate_series(1, ${many}::integer) as n, (values ('completed'), ('failed'), ('cancelled')) as s (state)`.execute(
    db,
  )
  await sql`
    insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at, stage)
    select gen_random_uuid(), 'kind ' || n % 3, 'queue ' || n % 2, '{}', n % 4, 5,
      now() + (stage * 100 - n / 40) * interval '1 second', stage
    from generate_series(1, ${many}::integer) as n, (values (0), (1)) as s (stage)`.execute(db)
}

async function walk(db: Kysely<TestSchema>, request: ListRequest): Promise<JobPage['jobs']> {
  const jobs: JobPage['jobs'][number][] = []
  let after: string | undefined
  do {
    const page = await listJobs(db, { ...request, after }, {})
    jobs.push(...page.jobs)
    after = page.next
  } while (after !== undefined)
  return jobs
}

describe('a list of jobs', () => {
  test.each(LISTS)('has each job once over all its pages: %s', async (list) => {
    const { db } = await queue()
    await fill(db, 240)
    const all = await walk(db, { list })
    expect(new Set(all.map(({ id }) => id)).size).toBe(240)
    expect(all).toHaveLength(240)
    const ofKind = await walk(db, { list, name: 'kind 1' })
    expect(new Set(ofKind.map(({ name }) => name))).toEqual(new Set(['kind 1']))
    expect(ofKind).toHaveLength(80)
    expect(await walk(db, { list, name: 'kind 1', queue: 'queue 0' })).toHaveLength(40)
    expect(await walk(db, { list, name: 'none' })).toEqual([])
  })

  test('has the last that failed first, and the next to be taken first', async () => {
    const { db } = await queue()
    await fill(db, 120)
    const failed = (await walk(db, { list: 'failed' })).map(({ finishedAt = 0 }) => finishedAt)
    expect(failed).toEqual(failed.toSorted((a, b) => b - a))
    const due = (await walk(db, { list: 'due' })).map(({ priority }) => priority)
    expect(due).toEqual(due.toSorted((a, b) => a - b))
  })

  test('goes on through many that are of another kind', async () => {
    const { db } = await queue()
    await fill(db, 6_000)
    await sql`update yuzuru_job_history set name = 'rare' where id = (
      select id from yuzuru_job_history where state = 'completed' order by finished_at limit 1)`.execute(
      db,
    )
    const first = await listJobs(db, { list: 'completed', name: 'rare' }, {})
    expect([first.jobs.length, typeof first.next]).toEqual([0, 'string'])
    expect(await walk(db, { list: 'completed', name: 'rare' })).toHaveLength(1)
  })

  test('begins at its beginning where the place is none', async () => {
    const { db } = await queue()
    await fill(db, 2)
    const texts = [
      '["now()"]',
      '[]',
      '{}',
      '[null]',
      '["1", "2", "3", "4"]',
      '["2026-13-45"]',
      '["abc", "abc"]',
    ]
    const encoded = texts.map((text) => Buffer.from(text).toString('base64url'))
    for (const after of ['', 'x', '%', ...encoded, 'a'.repeat(9_999)]) {
      for (const list of LISTS) {
        expect((await listJobs(db, { list, after }, {})).jobs.length, after).toBeGreaterThan(0)
      }
    }
  })

  test('reads hardly more of 150,000 jobs than of 75,000', async () => {
    const { url } = await queue()
    const db = openKysely(url, 1)
    onTestFinished(() => db.destroy())
    const pages: number[] = []
    for (let round = 0; round < 2; round += 1) {
      await fill(db, 15_000)
      await sql`vacuum analyze yuzuru_jobs, yuzuru_job_history`.execute(db)
      const before = await pagesRead(db)
      for (const list of LISTS) await listJobs(db, { list }, {})
      pages.push((await pagesRead(db)) - before)
    }
    const [once = 0, twice = Infinity] = pages
    expect(twice).toBeLessThan(once * 1.5)
  })
})

async function pagesRead(db: Kysely<TestSchema>): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(db)
  await sql`select pg_stat_clear_snapshot()`.execute(db)
  const { rows } = await sql<{ pages: number }>`
    select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8 as pages
    from pg_statio_user_tables
    where relid in ('yuzuru_jobs'::regclass, 'yuzuru_job_history'::regclass)`.execute(db)
  return rows[0]?.pages ?? 0
}

test('a job that waits for what has no time is for later, and has none', async () => {
  const { db } = await queue()
  const job = defineJob<object>({ name: 'waits', run: async () => undefined })
  await enqueueFlow(db, {
    first: { job, payload: {} },
    next: { job, payload: {}, after: 'first' },
  })
  const { jobs } = await listJobs(db, { list: 'later' }, {})
  expect(jobs.map(({ runAt }) => runAt)).toEqual([undefined])
})
