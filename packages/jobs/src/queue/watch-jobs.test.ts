import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { taskGroup } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from './enqueue.ts'
import { watchJobs } from './watch-jobs.ts'

const fine = defineJob<object>({ name: 'fine', run: async () => undefined })

test('watchJobs publishes the depth and lag of each kind, and once that one has emptied', async () => {
  const { db } = await queue()
  const heard: unknown[] = []
  const hear = (message: unknown): number => heard.push(message)
  subscribe('yuzuru:job-stats', hear)
  onTestFinished(() => void unsubscribe('yuzuru:job-stats', hear))
  await enqueue(db, fine, {}, { runAt: new Date(Date.now() - 60_000) })
  await enqueue(db, fine, {}, { delayMs: 60_000 })
  using clock = TestClock.install()
  await taskGroup(async (group) => {
    const watching = group.spawn(() => watchJobs(db, { everyMs: 1_000, timeoutMs: Infinity }))
    const lane = { queue: 'default', name: 'fine' }
    const full = { ...lane, due: 1, later: 1, running: 0, oldestDueMs: expect.any(Number) }
    await expect.poll(() => heard).toEqual([full])
    expect(heard[0]).toHaveProperty('oldestDueMs', expect.closeTo(60_000, -4))
    await expect.poll(() => clock.pending).toBe(1)

    // A look that fails is left out.
    await sql`alter table yuzuru_jobs rename to gone`.execute(db)
    await clock.advance(1_000)
    await expect.poll(() => clock.pending).toBe(1)
    await sql`alter table gone rename to yuzuru_jobs`.execute(db)
    await sql`delete from yuzuru_jobs`.execute(db)
    expect(heard.splice(0)).toHaveLength(1)
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(1_000)
      await expect.poll(() => clock.pending).toBe(1)
    }
    expect(heard).toEqual([{ ...lane, due: 0, later: 0, running: 0, oldestDueMs: 0 }])
    watching.cancel('the test is over')
  })
})
