import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { declareLimits, letGo } from '../engine/let-go.ts'
import { openGroups } from '../engine/open-groups.ts'
import { register } from '../engine/worker-row.ts'
import { defineJob } from '../job/define-job.ts'
import type { JobLimits } from '../job/limits.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { pauseQueue, resumeQueue } from '../queue/pause-queue.ts'
import { reportOf } from './report.ts'
import { createWorker } from './worker.ts'

function kind(name: string, limits: JobLimits | undefined, ran: string[] = []) {
  return defineJob<object>({
    name,
    ...(limits === undefined ? {} : { limits }),
    run: async () => void ran.push(name),
  })
}

describe('a limit', () => {
  test('that a kind no longer has holds nothing back', async () => {
    const { db } = await queue()
    await enqueueMany(db, kind('once', { concurrency: 1 }), [{}, {}, {}])
    await createWorker(db, { jobs: [kind('once', undefined)] }).runUntilIdle()
    expect(await jobStats(db)).toMatchObject({ completed: 3, waiting: 0 })
  })

  test('is not used up by what no worker takes', async () => {
    const { db } = await queue()
    const job = kind('queued', { concurrency: 1 })
    await enqueue(db, job, {}, { queue: 'nobody', priority: -1 })
    const here = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await jobStats(db)).toMatchObject({ completed: 1, waiting: 1 })
    expect(here.created).toBe(true)
  })

  test('of one kind leaves room for others, however many of its own wait', async () => {
    const { db } = await queue()
    const ran: string[] = []
    const [a, b] = [kind('a', {}, ran), kind('b', {}, ran)]
    await enqueueMany(
      db,
      a,
      Array.from({ length: 3_000 }, () => ({})),
    )
    await enqueue(db, b, {})
    await createWorker(db, { jobs: [a, b], concurrency: 1 }).runUntilIdle()
    expect(ran.indexOf('b')).toBeLessThan(2_000)
  })

  test.each<[string, JobLimits]>([
    ['many run as may at once', { perKey: { concurrency: 1 } }],
    ['many have begun as may in a time', { perKey: { rate: { count: 1, perMs: 60_000 } } }],
    ['none may run', { perKey: { concurrency: 0 } }],
  ])('holds up nothing but a key of which as %s', async (_, limits) => {
    const { db } = await queue()
    const ran: string[] = []
    const end = Promise.withResolvers<void>()
    const job = defineJob<{ key?: string; n: number }>({
      name: 'keyed',
      limits,
      key: ({ key }) => key,
      onConflict: 'again',
      // In groups of their own, jobs with one key may run side by side.
      group: ({ n }) => `${n}`,
      run: async ({ key, n }) => {
        ran.push(`${key} ${n}`)
        if (n === 0) await end.promise
        else end.resolve()
      },
    })
    for (let n = 0; n < 8; n += 1) {
      expect(await enqueue(db, job, { key: 'busy', n })).toMatchObject({ created: true })
      await openGroups(db, new Map([['keyed', '']]), {})
    }
    await enqueue(db, job, { n: 100 }, { priority: 1 })
    // Not by a poll: that would be tomorrow.
    await withWorker(db, { jobs: [job], concurrency: 2, pollMs: 86_400_000 }, () => end.promise)
    expect(ran).toContain('undefined 100')
    expect(ran.length).toBeLessThanOrEqual(2)
  })

  test.each<[string, (world: Gone) => Promise<unknown>]>([
    ['was let go in a queue whose last worker is gone', async () => undefined],
    ['ran in a queue whose last worker vanished', async ({ db, id }) => vanish(db, id)],
    [
      'was let go in a queue that was paused since',
      async ({ db }) => {
        await serving(db, 'there', 'queued')
        await pauseQueue(db, { queue: 'there' })
      },
    ],
    [
      'was let go in a queue whose workers have another kind',
      async ({ db }) => serving(db, 'there', 'other'),
    ],
  ])('is not used up by what %s', async (_, leave) => {
    const { db } = await queue()
    const limits = { concurrency: 1 }
    const ran: string[] = []
    const job = kind('queued', limits, ran)
    const { id } = await enqueue(db, job, {}, { queue: 'there' })
    await declareLimits(db, 'queued', limits, {})
    const any = db as unknown as Kysely<unknown>
    const request = { name: 'queued', room: 1, queues: ['there'] }
    expect(await letGo(any, request, {})).toMatchObject({ opened: 1 })
    await leave({ db, id })
    await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    // What ran when its worker vanished was taken back a moment later than the first look.
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual(['queued'])
    // It is held back, not lost.
    await resumeQueue(db, { queue: 'there' })
    await createWorker(db, { jobs: [job], queues: ['there'] }).runUntilIdle()
    expect(await jobStats(db)).toMatchObject({ completed: 2, waiting: 0 })
  })

  test.each<[string, (db: Kysely<TestSchema>) => Promise<unknown>]>([
    ['a living worker of its queue takes', (db) => serving(db, 'there', 'queued')],
    ['a worker that does not say what it serves may take', (db) => serving(db)],
  ])('counts what was let go and %s', async (_, begin) => {
    const { db } = await queue()
    const limits = { concurrency: 1 }
    const job = kind('queued', limits)
    await enqueue(db, job, {}, { queue: 'there' })
    await enqueue(db, job, {})
    await declareLimits(db, 'queued', limits, {})
    const any = db as unknown as Kysely<unknown>
    const letGoIn = (queue: string) => letGo(any, { name: 'queued', room: 1, queues: [queue] }, {})
    expect(await letGoIn('there')).toMatchObject({ opened: 1 })
    await begin(db)
    expect(await letGoIn('default')).toMatchObject({ opened: 0 })
    await expireLeases(db)
    expect(await letGoIn('default')).toMatchObject({ opened: 1 })
  })
})

interface Gone {
  readonly db: Kysely<TestSchema>
  readonly id: string
}

/** A worker took it, and has not been heard of since. */
async function vanish(db: Kysely<TestSchema>, id: string): Promise<void> {
  await takeOver(db, id, 1)
  await expireLeases(db)
}

/** A worker lives that serves this kind in this queue. */
async function serving(db: Kysely<TestSchema>, queue?: string, kind?: string): Promise<void> {
  const served = { queues: [queue ?? ''], names: [kind ?? ''] }
  const report = (): string =>
    queue === undefined ? 'null' : reportOf(served, { places: 10, busy: 0 }, [])
  await register(db, { name: 'another', leaseMs: 3_600_000, report }, {})
  if (queue === undefined) await sql`update yuzuru_job_workers set report = null`.execute(db)
}
