/*
 * What users of other queues have reported: each case has the thread, and shows what ours does in the same place. A job that
 * "ran when its worker vanished" was begun by a worker whose lease has run out since.
 */
import { sleep } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../test/open-kysely.ts'
import { isolated } from '../test/isolated.ts'
import { queue } from '../test/queue.ts'
import { expireLeases, takeOver, types, withWorker } from '../test/with-worker.ts'
import { Schedule } from './cron/schedule.ts'
import { openGroups } from './engine/open-groups.ts'
import { defineJob, type JobOptions } from './job/define-job.ts'
import type { Job, JobContext } from './job/job.ts'
import { enqueue, enqueueMany } from './queue/enqueue.ts'
import { getJob } from './queue/get-job.ts'
import { jobStats } from './queue/job-stats.ts'
import { prune } from './queue/prune.ts'
import { retryJob } from './queue/retry-job.ts'
import { drainJobs } from './testing/drain-jobs.ts'
import { createWorker } from './worker/worker.ts'

type Db = Kysely<TestSchema>
type Run = (payload: { readonly n: number }, context: JobContext) => Promise<void>

const jobOf = (run: Run, options: Partial<JobOptions<{ n: number }>> = {}): Job<{ n: number }> =>
  defineJob<{ n: number }>({ name: 'job', backoff: () => 0, ...options, run })

/** Has some run when their worker vanished, in the attempt of that number. */
async function vanished(db: Db, ids: readonly string[], attempt = 1): Promise<void> {
  for (const id of ids) await takeOver(db, id, attempt)
  await expireLeases(db)
}

const REPORTS: Readonly<Record<string, (db: Db) => Promise<void>>> = {
  'graphile/worker#204 #222: a job of a killed worker is locked for four hours': async (db) => {
    const ran: number[] = []
    const job = jobOf(async ({ n }) => void ran.push(n))
    const { id } = await enqueue(db, job, { n: 1 })
    await vanished(db, [id])
    await drainJobs(db, [job])
    expect(ran).toEqual([1])
  },

  'graphile/worker#254: a named queue is locked for ever by a job that has used its attempts':
    async (db) => {
      const ran: number[] = []
      const options = { group: () => 'g', attempts: 1 }
      const job = jobOf(async ({ n }) => {
        ran.push(n)
        if (n === 1) throw new Error('no')
      }, options)
      const [first] = await enqueueMany(db, job, [{ n: 1 }, { n: 2 }])
      // It was its turn, so it was taken.
      await openGroups(db, new Map([['job', '']]), {})
      await vanished(db, [first?.id ?? ''])
      await drainJobs(db, [job])
      expect(ran).toEqual([1, 2])
      expect(await jobStats(db)).toMatchObject({ completed: 1, failed: 1, waiting: 0 })
    },

  'oban#424: a unique job that its worker left is in the way for ever': async (db) => {
    const job = jobOf(async () => undefined, { key: () => 'k', attempts: 1 })
    const { id } = await enqueue(db, job, { n: 1 })
    await vanished(db, [id])
    await drainJobs(db, [job])
    expect(await enqueue(db, job, { n: 2 })).toMatchObject({ created: true })
  },

  'hexpm#1825 (Oban): a job that runs for longer than its lease is run once more beside itself':
    async (db) => {
      let runs = 0
      const end = Promise.withResolvers<void>()
      const job = jobOf(async () => {
        runs += 1
        await end.promise
      })
      await enqueue(db, job, { n: 1 })
      const options = { jobs: [job], leaseMs: 3_000, heartbeatMs: 20 }
      await withWorker(db, options, async () => {
        await withWorker(db, options, async (events) => {
          const { rows } = await sql<{ until: string }>`
          select (now() + interval '3 seconds')::text as until`.execute(db)
          const isOver = async (): Promise<unknown> => {
            const found = await sql`select where now() > ${rows[0]?.until}::timestamptz`.execute(db)
            return found.rows.length
          }
          // Any lease that was there at first has run out by then.
          await expect.poll(isOver, { interval: 50, timeout: 60_000 }).toBe(1)
          end.resolve()
          expect(types(events)).not.toContain('recovered')
        })
        await expect.poll(async () => (await jobStats(db)).completed, { timeout: 60_000 }).toBe(1)
      })
      expect(runs).toBe(1)
    },

  'bull#2188 #1982: a handler that holds up the loop fails the jobs beside it': async (db) => {
    const spin = isolated('spin', 'thread', { attempts: 1, timeoutMs: 5_000 })
    const beside = jobOf(() => sleep(1))
    await enqueue(db, spin, {})
    await enqueueMany(db, beside, [{ n: 1 }, { n: 2 }])
    const drained = await drainJobs(db, [spin, beside])
    expect(drained).toMatchObject({ completed: 2, failed: 1, retrying: 0 })
  },

  'bull#1110: many jobs behind a rate stop a queue for good': async (db) => {
    let runs = 0
    const limits = { rate: { count: 20, perMs: 50 } }
    const job = jobOf(async () => void (runs += 1), { limits })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 100 }, (_, n) => ({ n })),
    )
    await withWorker(db, { jobs: [job] }, async () => {
      await expect.poll(() => runs, { timeout: 60_000 }).toBe(100)
    })
  },

  'river#378 #961: a snooze uses an attempt': async (db) => {
    const attempts: number[] = []
    const job = jobOf(
      async (_, { attempt, snooze }) => {
        attempts.push(attempt)
        if (attempts.length < 4) snooze({ delayMs: 1 })
      },
      { attempts: 1 },
    )
    await enqueue(db, job, { n: 1 })
    await withWorker(db, { jobs: [job] }, async () => {
      await expect.poll(async () => (await jobStats(db)).completed, { timeout: 60_000 }).toBe(1)
    })
    expect(attempts).toEqual([1, 1, 1, 1])
  },

  'river#1105: who rescues jobs discards those of kinds that it does not know': async (db) => {
    const known = jobOf(async () => undefined, { name: 'known' })
    const job = jobOf(async () => undefined)
    const { id } = await enqueue(db, job, { n: 1 })
    await vanished(db, [id])
    await drainJobs(db, [known])
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 1 })
  },

  'pg-boss#8: a key lets one more through': async (db) => {
    const job = jobOf(async () => undefined, { key: () => 'k' })
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) => enqueue(db, job, { n }, { delayMs: 3_600_000 })),
    )
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(await jobStats(db)).toMatchObject({ waiting: 1 })
  },

  'pg-boss#891: a job for later is older than what is kept, and is deleted before its time': async (
    db,
  ) => {
    const job = jobOf(async () => undefined)
    const { id } = await enqueue(db, job, { n: 1 }, { delayMs: 30 * 86_400_000 })
    expect(await prune(db, { olderThanMs: 0 })).toBe(0)
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting' })
  },

  'pg-boss#898: two names with their keys are one, put together': async (db) => {
    const of = (name: string): Job<{ n: number }> => jobOf(async () => undefined, { name })
    const first = await enqueue(db, of('report_'), { n: 1 }, { key: 'daily' })
    const second = await enqueue(db, of('report'), { n: 1 }, { key: '_daily' })
    expect([first.created, second.created]).toEqual([true, true])
  },

  'oban#137: a job is tried again beyond its attempts, as it ends its worker each time': async (
    db,
  ) => {
    const job = jobOf(async () => undefined, { attempts: 2 })
    const { id } = await enqueue(db, job, { n: 1 })
    await vanished(db, [id], 2)
    // As a suspect it is tried alone once more, which does not count; from then on each crash does.
    const nobody = jobOf(async () => undefined, { name: 'nobody' })
    await createWorker(db, { jobs: [nobody] }).runUntilIdle()
    let crashes = 0
    for (; (await getJob(db, id))?.state === 'waiting'; crashes += 1) {
      const { attempt = 0 } = (await getJob(db, id)) ?? {}
      await vanished(db, [id], attempt + 1)
      await createWorker(db, { jobs: [nobody] }).runUntilIdle()
      expect(crashes).toBeLessThan(3)
    }
    expect(await getJob(db, id)).toMatchObject({ state: 'failed', attempt: 2 })
    expect(await retryJob(db, id)).toBe(true)
  },
}

for (const [report, check] of Object.entries(REPORTS)) {
  test(`not here: ${report}`, async () => {
    const { db } = await queue()
    await check(db)
  })
}

/** Crons where the clock goes back: the schedule, its zone, from when on, and its times in UTC. */
const CRONS: Readonly<Record<string, readonly [string, string, string, readonly string[]]>> = {
  'meteor-synced-cron#152: a cron fires all through the hour that comes twice': [
    '30 2 * * *',
    'Europe/Berlin',
    '2024-10-26T12:00Z',
    ['2024-10-27T00:30', '2024-10-28T01:30'],
  ],
  'node-red-contrib-cron-plus#108: a cron of each minute stops for an hour': [
    '*/20 * * * *',
    'Europe/London',
    '2025-10-26T00:20Z',
    ['2025-10-26T00:40', '2025-10-26T01:00', '2025-10-26T01:20', '2025-10-26T01:40'],
  ],
}

for (const [report, [expression, zone, from, times]] of Object.entries(CRONS)) {
  test(`not here: ${report}`, () => {
    const schedule = new Schedule(expression, zone)
    const found = schedule.times(new Date(from), times.length)
    expect(found.map((at) => at.toISOString().slice(0, 16))).toEqual(times)
  })
}
