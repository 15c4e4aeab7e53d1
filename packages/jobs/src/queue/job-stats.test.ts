import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from './enqueue.ts'
import { jobStats } from './job-stats.ts'

const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

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
    })
    await enqueue(db, failing, {}, { delayMs: 60_000 })
    expect(await jobStats(db)).toMatchObject({ waiting: 1, oldestWaitingMs: 0 })
    await enqueue(db, failing, {}, { runAt: new Date(Date.now() - 60_000) })
    const { waiting, oldestWaitingMs } = await jobStats(db)
    expect(waiting).toBe(2)
    expect(oldestWaitingMs).toBeGreaterThan(50_000)
  })
})
