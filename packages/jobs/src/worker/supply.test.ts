import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
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
    Array.from({ length: 20_000 }, (_, n) => ({ n })),
  )
  await createWorker(db, { jobs: [job] }).runUntilIdle()
  expect(held).toHaveLength(20)
  // What waits for a runner, what waits to be written down, and what is in a statement.
  expect(Math.max(...held)).toBeLessThanOrEqual(4_010)
})
