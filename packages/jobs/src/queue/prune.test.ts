import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { getJob } from './get-job.ts'
import { prune } from './prune.ts'

const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

describe('prune', () => {
  test('deletes what has been finished for long enough, and only the states asked for', async () => {
    const { db } = await queue()
    const fine = defineJob<object>({ name: 'fine', run: async () => undefined })
    await enqueueMany(
      db,
      fine,
      Array.from({ length: 2_100 }, () => ({})),
    )
    await createWorker(db, { jobs: [fine] }).runUntilIdle()
    await sql`update yuzuru_job_history set finished_at = now() - interval '2 days'`.execute(db)
    const fresh = await enqueue(db, failing, {})
    await cancelJob(db, fresh.id)
    const failed = await enqueue(db, failing, {})
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    const waiting = await enqueue(db, failing, {})
    expect(await prune(db, { olderThanMs: 86_400_000 })).toBe(2_100)
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
    expect(await getJob(db, fresh.id)).toBeUndefined()
    expect(await getJob(db, failed.id)).toBeDefined()
    expect(await prune(db, { olderThanMs: 0, states: ['failed'] })).toBe(1)
    expect(await getJob(db, waiting.id)).toBeDefined()
  })

  test('refuses wrong options', async () => {
    const { db } = await queue()
    await expect(prune(db, { olderThanMs: -1 })).rejects.toThrow('Expected olderThanMs')
    const states = ['running'] as never
    await expect(prune(db, { olderThanMs: 0, states })).rejects.toThrow('Expected states')
  })
})
