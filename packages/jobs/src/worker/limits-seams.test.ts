import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import type { JobLimits } from '../job/limits.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
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
})
