import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { stepping } from '../../test/stepping.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { enqueueFlow } from './enqueue-flow.ts'
import { getJob } from './get-job.ts'
import { prune } from './prune.ts'
import { retryJob } from './retry-job.ts'
import { sendEvent } from './send-event.ts'

const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

/** What the events that are kept say. */
async function eventsOf(db: Kysely<TestSchema>): Promise<unknown[]> {
  const { rows } = await sql<{ payload: unknown }>`select payload from yuzuru_job_events`.execute(
    db,
  )
  return rows.map(({ payload }) => payload)
}

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

  test('keeps what a failed job asks for when it is put back, until that is pruned itself', async () => {
    const { db } = await queue()
    const part = defineJob<{ n: number }, number>({ name: 'part', run: async ({ n }) => n })
    let isMended = false
    const got: unknown[] = []
    const join = defineJob<object>({
      name: 'join',
      attempts: 1,
      run: async (_, { dependencies }) => {
        if (!isMended) throw new Error('not yet')
        got.push((await dependencies()).map(({ state, result }) => [state, result]))
      },
    })
    let runs = 0
    const parent = stepping(async ({ step }) => {
      runs += 1
      // Its child has ended, and it fails before it has asked how.
      if (runs === 2) throw new TypeError('Expected it to be mended')
      got.push(await step.run(part, { n: 2 }))
    })
    const flow = await enqueueFlow(db, {
      part: { job: part, payload: { n: 1 } },
      join: { job: join, payload: {}, after: 'part' },
    })
    const asking = await enqueue(db, parent, {})
    await createWorker(db, { jobs: [part, join, parent] }).runUntilIdle()
    expect(await getJob(db, asking.id)).toMatchObject({ state: 'failed' })
    expect(await prune(db, { olderThanMs: 0 })).toBe(0)
    isMended = true
    expect(await retryJob(db, flow.join[0]?.id ?? '')).toBe(true)
    expect(await retryJob(db, asking.id)).toBe(true)
    await createWorker(db, { jobs: [part, join, parent] }).runUntilIdle()
    expect(got).toContainEqual([['completed', 1]])
    expect(got).toContain(2)
  })

  test('deletes a failed job and what comes before it together, where failed ones are asked for', async () => {
    const { db } = await queue()
    const part = defineJob<object>({ name: 'part', run: async () => undefined })
    await enqueueFlow(db, {
      part: { job: part, payload: {} },
      failing: { job: failing, payload: {}, after: 'part' },
    })
    await createWorker(db, { jobs: [part, failing] }).runUntilIdle()
    expect(await prune(db, { olderThanMs: 0 })).toBe(0)
    expect(await prune(db, { olderThanMs: 0, states: ['completed', 'failed'] })).toBe(2)
  })

  test('keeps events that an unfinished job may come to wait for', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const waiting = stepping(async ({ step }) => {
      got.push(await step.waitFor('signed', { key: 'plan', timeoutMs: 0 }))
    })
    await sendEvent(db, 'signed', 'plan', 'before')
    await enqueue(db, waiting, {})
    await sendEvent(db, 'signed', 'plan', 'after')
    expect(await prune(db, { olderThanMs: 0 })).toBe(0)
    expect(await eventsOf(db)).toEqual(['after'])
    await createWorker(db, { jobs: [waiting] }).runUntilIdle()
    expect(got).toEqual(['after'])
    await enqueue(db, failing, {})
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
    expect(await eventsOf(db)).toEqual([])
  })

  test('takes any age, also one from before all that PostgreSQL knows', async () => {
    const { db } = await queue()
    await cancelJob(db, (await enqueue(db, failing, {})).id)
    await sendEvent(db, 'signed', 'plan', null)
    expect(await prune(db, { olderThanMs: Number.MAX_SAFE_INTEGER })).toBe(0)
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
  })

  test('refuses wrong options', async () => {
    const { db } = await queue()
    await expect(prune(db, { olderThanMs: -1 })).rejects.toThrow('Expected olderThanMs')
    const states = ['running'] as never
    await expect(prune(db, { olderThanMs: 0, states })).rejects.toThrow('Expected states')
  })
})
