import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { pauseQueue } from '../queue/pause-queue.ts'
import { createWorker } from '../worker/worker.ts'
import { claim } from './claim.ts'
import { claimAged } from './claim-aged.ts'
import { Bounds } from './lane.ts'
import { register } from './worker-row.ts'

const HOUR_MS = 3_600_000

const kind = (name: string): Job<object> => defineJob({ name, run: async () => undefined })
const [a, b] = [kind('a'), kind('b')]
const LANES = ['a', 'b'].map((name) => ({ queue: 'default', name }))

async function aged() {
  const { db } = await queue()
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  const bounds = new Bounds(LANES)
  const takeAged = async (limit: number, agingMs = HOUR_MS): Promise<string[]> => {
    const jobs = await claimAged(db, { bounds, limit, worker, agingMs }, {})
    return jobs.map(({ id }) => id)
  }
  const take = (limit: number) => claim(db, { bounds, limit, worker }, {})
  return { db, bounds, takeAged, take }
}

/** Lets time pass for a job: only the database's clock counts. */
async function ageBy(db: Kysely<TestSchema>, id: string, ms: number): Promise<void> {
  await sql`update yuzuru_jobs set run_at = run_at - ${ms}::float8 * interval '1 millisecond'
    where id = ${id}::uuid`.execute(db)
}

describe('a claim by age', () => {
  test('takes what has waited for as long as its priority is behind, as a model does', async () => {
    const { db, takeAged } = await aged()
    const job = record({
      name: constantFrom('a', 'b'),
      priority: integer({ min: -2, max: 3 }),
      // Halves, so that the moments of the calls make no difference.
      halfHours: integer({ min: 0, max: 5 }).map((hours) => 2 * hours + 1),
    })
    await assert(
      asyncProperty(
        array(job, { maxLength: 14 }),
        integer({ min: 1, max: 6 }),
        async (jobs, limit) => {
          await sql`truncate yuzuru_jobs`.execute(db)
          const made: { id: string; priority: number; halfHours: number }[] = []
          for (const { name, priority, halfHours } of jobs) {
            const { id } = await enqueue(db, name === 'a' ? a : b, {}, { priority })
            // A minute between two, so that no two are of one age.
            await ageBy(db, id, halfHours * (HOUR_MS / 2) - made.length * 60_000)
            made.push({ id, priority, halfHours })
          }
          const best = Math.min(...made.map(({ priority }) => priority))
          const expected = made
            .map(({ id, priority, halfHours }, n) => {
              return { id, priority, halfHours, key: priority * 60 - halfHours * 30 + n }
            })
            .filter(({ priority, halfHours }) => {
              return priority > best && halfHours > 2 * (priority - best)
            })
            .toSorted((one, other) => one.key - other.key)
            .slice(0, limit)
            .map(({ id }) => id)
          expect(new Set(await takeAged(limit))).toEqual(new Set(expected))
        },
      ),
      { numRuns: Number(process.env['YUZURU_RUNS'] ?? 20) },
    )
  })

  test('takes nothing of what is paused, or for later, or begun, and moves no bound', async () => {
    const { db, bounds, takeAged, take } = await aged()
    const [first, second] = [await enqueue(db, a, {}), await enqueue(db, a, {}, { priority: 1 })]
    await ageBy(db, second.id, 2 * HOUR_MS)
    await enqueue(db, a, {}, { priority: 1, delayMs: HOUR_MS })
    await pauseQueue(db, { job: 'a' })
    expect(await takeAged(10)).toEqual([])
    await sql`delete from yuzuru_job_pauses`.execute(db)
    expect(await takeAged(10)).toEqual([second.id])
    expect(await takeAged(10)).toEqual([])
    expect(bounds.any).toBe(false)
    expect((await take(10)).jobs.map(({ id }) => id)).toEqual([first.id])
  })

  test('takes any priority and any time', async () => {
    const { db, takeAged } = await aged()
    const least = await enqueue(db, a, {}, { priority: 2 ** 31 - 1 })
    await enqueue(db, b, {}, { priority: 1 - 2 ** 31 })
    await ageBy(db, least.id, 24 * HOUR_MS)
    expect(await takeAged(10, 86_400_000)).toEqual([])
    await ageBy(db, least.id, 500 * 365 * 24 * HOUR_MS)
    expect(await takeAged(10, 86_400_000)).toEqual([least.id])
  })

  test('reads no more of a long queue than of a short one', async () => {
    const pages = await Promise.all([
      pagesOf([0], 2_000),
      pagesOf([0], 8_000),
      pagesOf([0, 1, 2], 1_000),
      pagesOf([0, 1, 2], 4_000),
    ])
    const [one, oneLong, three, threeLong] = pages
    expect(Math.max(oneLong - one, threeLong - three)).toBeLessThan(15)
    // Most of it is what planning the statement reads.
    expect(Math.max(...pages)).toBeLessThan(100)
  })
})

/** How many pages of the queue a claim by age reads that finds nothing, of so many jobs of each priority. */
async function pagesOf(priorities: readonly number[], many: number): Promise<number> {
  const { url } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  for (const priority of priorities) {
    await enqueueMany(
      db,
      a,
      Array.from({ length: many }, () => ({})),
      { priority },
    )
  }
  await sql`analyze yuzuru_jobs`.execute(db)
  const read = async (): Promise<number> => {
    await sql`select pg_stat_force_next_flush()`.execute(db)
    await sql`select pg_stat_clear_snapshot()`.execute(db)
    const { rows } = await sql<{ pages: number }>`
      select (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8 as pages
      from pg_statio_user_tables where relid = 'yuzuru_jobs'::regclass`.execute(db)
    return rows[0]?.pages ?? 0
  }
  const before = await read()
  const request = { bounds: new Bounds(LANES), limit: 100, worker, agingMs: HOUR_MS }
  expect(await claimAged(db, request, {})).toEqual([])
  return (await read()) - before
}

test.each([
  ['goes before better ones', HOUR_MS, true],
  ['goes behind all better ones with an age of Infinity', Infinity, false],
])('what has waited %s', async (_, agingMs, isTaken) => {
  const { db } = await queue()
  const ran: string[] = []
  const better = defineJob<object>({ name: 'better', run: async () => void ran.push('better') })
  const old = defineJob<object>({ name: 'old', priority: 1, run: async () => void ran.push('old') })
  // More than one claim takes.
  const many = 3_000
  await enqueueMany(
    db,
    better,
    Array.from({ length: many }, () => ({})),
  )
  const { id } = await enqueue(db, old, {})
  await ageBy(db, id, 2 * HOUR_MS)
  await createWorker(db, { jobs: [better, old], agingMs }).runUntilIdle()
  expect(ran).toHaveLength(many + 1)
  expect(ran.indexOf('old') < many).toBe(isTaken)
})
