import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { stepping } from '../../test/stepping.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { enqueueFlow } from './enqueue-flow.ts'
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

  test('keeps what an unfinished job may still ask for: what comes before it in a flow, and its children', async () => {
    const { db } = await queue()
    const part = defineJob<{ n: number }, number>({ name: 'part', run: async ({ n }) => n })
    const got: unknown[] = []
    const join = defineJob<object>({
      name: 'join',
      run: async (_, { dependencies }) => {
        got.push((await dependencies()).map(({ state, result }) => [state, result]))
      },
    })
    const parent = stepping(async ({ step }) => void got.push(await step.run(part, { n: 3 })))
    const flow = { parts: { job: part, payloads: [{ n: 1 }, { n: 2 }] } }
    await enqueueFlow(db, { ...flow, join: { job: join, payload: {}, after: 'parts' } })
    await enqueue(db, parent, {})
    await createWorker(db, { jobs: [parent] }).runUntilIdle()
    await createWorker(db, { jobs: [part] }).runUntilIdle()
    expect(await prune(db, { olderThanMs: 0 })).toBe(0)
    const others = await enqueueMany(db, part, [{ n: 4 }, { n: 5 }])
    await createWorker(db, { jobs: [part] }).runUntilIdle()
    expect(await prune(db, { olderThanMs: 0 })).toBe(others.length)
    await createWorker(db, { jobs: [join, parent] }).runUntilIdle()
    expect(got).toHaveLength(2)
    expect(got).toContainEqual([
      ['completed', 1],
      ['completed', 2],
    ])
    expect(got).toContain(3)
    expect(await prune(db, { olderThanMs: 0 })).toBe(5)
  })

  test('refuses wrong options', async () => {
    const { db } = await queue()
    await expect(prune(db, { olderThanMs: -1 })).rejects.toThrow('Expected olderThanMs')
    const states = ['running'] as never
    await expect(prune(db, { olderThanMs: 0, states })).rejects.toThrow('Expected states')
  })
})
