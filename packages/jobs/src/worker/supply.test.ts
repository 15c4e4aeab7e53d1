import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { MOST } from './prefetch.ts'
import { createWorker } from './worker.ts'

test('a worker holds no more jobs than a few statements take, however many wait', async () => {
  const { db } = await queue()
  const held: number[] = []
  const job = defineJob<{ n: number }>({
    name: 'count',
    run: async ({ n }) => {
      if (n % 1_000 !== 0) return
      const { rows } = await sql<{ held: number }>`
        select count(*)::float8 as held from yuzuru_jobs where worker is not null`.execute(db)
      held.push(rows[0]?.held ?? Infinity)
    },
  })
  await enqueueMany(
    db,
    job,
    Array.from({ length: 40_000 }, (_, n) => ({ n })),
  )
  await createWorker(db, { jobs: [job] }).runUntilIdle()
  expect(held).toHaveLength(40)
  // What waits for a runner, what waits to be written down, and what is in a statement.
  expect(Math.max(...held)).toBeLessThanOrEqual(4 * MOST + 10)
})

test('a worker does not spin while all its places are taken and more waits', async () => {
  const { db } = await queue()
  const busy: number[] = []
  const job = defineJob<object>({
    name: 'long',
    run: async () => {
      const before = performance.eventLoopUtilization()
      // Longer than until a look without bounds is due.
      await sleep(900)
      busy.push(performance.eventLoopUtilization(before).utilization)
    },
  })
  await enqueueMany(db, job, [{}, {}, {}])
  await withWorker(db, { jobs: [job], concurrency: 1, pollMs: 1_000 }, () =>
    expect.poll(() => busy.length, { timeout: 30_000 }).toBeGreaterThan(0),
  )
  expect(busy[0]).toBeLessThan(0.5)
})
