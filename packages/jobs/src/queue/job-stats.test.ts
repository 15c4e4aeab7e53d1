import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { pagesOf } from '../../test/pages-of.ts'
import { queue } from '../../test/queue.ts'
import { blocking, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { jobStats } from './job-stats.ts'

const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})
const fine = defineJob<object>({ name: 'fine', run: async () => undefined })
const past = (ms: number): Date => new Date(Date.now() - ms)

/** Rows of one kind, as many as are wanted. */
async function fill(db: Kysely<TestSchema>, name: string, many: number, stage = 0): Promise<void> {
  await sql`
    insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at, stage)
    select gen_random_uuid(), ${name}, 'default', '{}', 0, 5, now(), ${stage}::smallint
    from generate_series(1, ${many}::integer)`.execute(db)
}

describe('jobStats', () => {
  test('counts by state and says how long the oldest has been due', async () => {
    const { db } = await queue()
    expect(await jobStats(db)).toEqual({
      waiting: 0,
      running: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      oldestWaitingMs: 0,
      estimated: [],
      lanes: [],
      paused: [],
      scaled: [],
    })
    await enqueue(db, failing, {}, { delayMs: 60_000 })
    expect(await jobStats(db)).toMatchObject({ waiting: 1, oldestWaitingMs: 0 })
    await enqueue(db, failing, {}, { runAt: new Date(Date.now() - 60_000) })
    const { waiting, oldestWaitingMs } = await jobStats(db)
    expect(waiting).toBe(2)
    expect(oldestWaitingMs).toBeGreaterThan(50_000)
  })

  test('counts what has ended', async () => {
    const { db } = await queue()
    await enqueueMany(db, fine, [{}, {}, {}])
    await enqueueMany(db, failing, [{}, {}])
    await cancelJob(db, (await enqueue(db, fine, {})).id)
    await createWorker(db, { jobs: [fine, failing] }).runUntilIdle()
    const counts = { waiting: 0, running: 0, completed: 3, failed: 2, cancelled: 1 }
    expect(await jobStats(db)).toMatchObject({ ...counts, estimated: [], lanes: [] })
  })

  test('counts by queue and kind, whatever the priority', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    await enqueue(db, job, {})
    await enqueue(db, fine, {}, { priority: 5, runAt: past(90_000) })
    await enqueue(db, fine, {}, { priority: 1, runAt: past(30_000) })
    await enqueue(db, fine, {}, { queue: 'other', delayMs: 60_000 })
    await enqueue(db, failing, {})
    await sql`update yuzuru_jobs set stage = 2 where name = 'failing'`.execute(db)
    await withWorker(db, { jobs: [job] }, async () => {
      await begun
      const stats = await jobStats(db)
      expect(stats).toMatchObject({ waiting: 4, running: 1 })
      const none = { due: 0, later: 0, held: 0, running: 0, isEstimate: false, queue: 'default' }
      expect(stats.lanes).toEqual([
        { ...none, name: 'block', running: 1, oldestDueMs: 0 },
        { ...none, name: 'failing', due: 1, oldestDueMs: expect.any(Number) },
        { ...none, name: 'fine', due: 2, oldestDueMs: expect.any(Number) },
        { ...none, queue: 'other', name: 'fine', later: 1, oldestDueMs: 0 },
      ])
      expect(stats.lanes[2]?.oldestDueMs).toBeGreaterThan(80_000)
      expect(stats.oldestWaitingMs).toBe(stats.lanes[2]?.oldestDueMs)
    })
  })

  test('reads no more of 60,000 jobs than of 30,000, and says what it has not counted', async () => {
    const { url } = await queue()
    const db = openKysely(url, 1)
    onTestFinished(() => db.destroy())
    const pages: number[] = []
    for (const many of [1, 2]) {
      await fill(db, 'fine', 15_000)
      await fill(db, 'fine', 15_000, 1)
      await sql`vacuum analyze yuzuru_jobs`.execute(db)
      await jobStats(db)
      pages.push(await pagesOf(db, () => jobStats(db)))
      const { waiting, estimated, lanes } = await jobStats(db)
      expect(estimated).toEqual(['waiting'])
      expect(waiting).toBeGreaterThan(many * 30_000 * 0.8)
      expect(waiting).toBeLessThan(many * 30_000 * 1.2)
      expect(lanes).toMatchObject([{ name: 'fine', isEstimate: true }])
    }
    const [once = 0, twice = Infinity] = pages
    expect(twice).toBeLessThan(once * 1.2)
  })

  test('says so when there are more kinds than it looks at', async () => {
    const { db } = await queue()
    await sql`
      insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at)
      select gen_random_uuid(), 'kind ' || n, 'default', '{}', 0, 5, now()
      from generate_series(1, 300) as n`.execute(db)
    await sql`analyze yuzuru_jobs`.execute(db)
    const { waiting, lanes, estimated } = await jobStats(db)
    expect([waiting, lanes.length, estimated]).toEqual([300, 200, ['waiting', 'running']])
  })
})
