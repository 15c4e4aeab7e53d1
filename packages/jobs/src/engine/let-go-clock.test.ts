import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { letGo } from './let-go.ts'

const HOUR_MS = 3_600_000

test('a rate holds jobs no longer back than it says when the clock of the database goes back', async () => {
  const { db } = await queue()
  const limits = { rate: { count: 1, perMs: HOUR_MS } }
  const job = defineJob<object>({ name: 'call', limits, run: async () => undefined })
  await enqueueMany(db, job, [{}, {}])
  expect(await drainJobs(db, [job])).toMatchObject({ completed: 1 })
  const pass = (ms: number): Promise<unknown> =>
    sql`update yuzuru_job_starts set at = at - ${ms}::float8 * interval '1 millisecond'`.execute(db)
  const look = () =>
    letGo(db as unknown as Kysely<unknown>, { name: 'call', room: 10, queues: ['default'] }, {})
  await pass(-24 * HOUR_MS)
  const first = await look()
  expect(first.opened).toBe(0)
  expect(first.nextMs).toBeLessThanOrEqual(HOUR_MS)
  await pass(HOUR_MS)
  expect((await look()).opened).toBe(1)
})
