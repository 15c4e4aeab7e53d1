import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { Snooze } from '../job/job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import type { WorkerEvent } from './worker-event.ts'
import { createWorker } from './worker.ts'

const soon = { delayMs: 60_000 }

/** A job that snoozes at its first runs, and what it was in each. */
function snoozing(snoozes: readonly Snooze[]) {
  const attempts: number[] = []
  const job = defineJob<object>({
    name: 'snoozing',
    attempts: 2,
    run: async (_, { attempt, snooze }) => {
      const until = snoozes[attempts.push(attempt) - 1]
      if (until !== undefined) snooze(until)
    },
  })
  return { job, attempts }
}

describe('a job that is snoozed', () => {
  test('comes back at its time, as often as it likes, and no attempt is used', async () => {
    const { db } = await queue()
    const { job, attempts } = snoozing([soon, soon, soon])
    const { id } = await enqueue(db, job, {})
    const events: WorkerEvent[] = []
    const onEvent = (event: WorkerEvent): number => events.push(event)
    for (let round = 0; round < 3; round += 1) {
      await createWorker(db, { jobs: [job], onEvent }).runUntilIdle()
      const found = await getJob(db, id)
      expect(found).toMatchObject({
        state: 'waiting',
        attempt: 0,
        errors: [],
        lastError: undefined,
      })
      const { rows } = await sql<{ ahead: number }>`
        select date_part('epoch', run_at - now()) as ahead from yuzuru_jobs`.execute(db)
      expect(rows[0]?.ahead).toBeGreaterThan(30)
      expect(rows[0]?.ahead).toBeLessThanOrEqual(60)
      await sql`update yuzuru_jobs set run_at = now()`.execute(db)
    }
    await createWorker(db, { jobs: [job], onEvent }).runUntilIdle()
    expect(attempts).toEqual([1, 1, 1, 1])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(types(events)).toEqual([
      'started',
      'snoozed',
      'started',
      'snoozed',
      'started',
      'snoozed',
      'started',
      'completed',
    ])
  })

  test('may say the moment, which is that of the database', async () => {
    const { db } = await queue()
    const runAt = new Date(Date.now() + 3_600_000)
    const { job } = snoozing([{ runAt }])
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(Math.abs((found?.runAt?.getTime() ?? 0) - runAt.getTime())).toBeLessThanOrEqual(1)
  })

  test.each([8.64e15, -8.64e15])('may say any moment that a Date can hold: %d', async (at) => {
    const { db } = await queue()
    const { job } = snoozing([{ runAt: new Date(at) }])
    const { id } = await enqueue(db, job, {})
    const events: WorkerEvent[] = []
    const onEvent = (event: WorkerEvent): number => events.push(event)
    await createWorker(db, { jobs: [job], onEvent }).runUntilIdle()
    expect(types(events).slice(0, 2)).toEqual(['started', 'snoozed'])
    expect(await getJob(db, id)).toMatchObject({ errors: [] })
  })

  test('is run again by the same worker as soon as it is time', async () => {
    const { db } = await queue()
    const { job, attempts } = snoozing([{ delayMs: 1 }, { runAt: new Date(0) }])
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async (events) => {
      await expect.poll(() => types(events)).toContain('completed')
    })
    expect(attempts).toEqual([1, 1, 1])
  })

  test('has failed if its handler throws, and has completed if that was in its transaction', async () => {
    const { db } = await queue()
    const failing = defineJob<object>({
      name: 'failing',
      attempts: 1,
      run: async (_, { snooze }) => {
        snooze(soon)
        throw new Error('no')
      },
    })
    const done = defineJob<object>({
      name: 'done',
      run: async (_, { completeIn, snooze }) => {
        await db.transaction().execute((tx) => completeIn(tx))
        snooze(soon)
      },
    })
    const one = await enqueue(db, failing, {})
    const two = await enqueue(db, done, {})
    await createWorker(db, { jobs: [failing, done] }).runUntilIdle()
    expect(await getJob(db, one.id)).toMatchObject({ state: 'failed' })
    expect(await getJob(db, two.id)).toMatchObject({ state: 'completed' })
  })

  test('need not come to the steps that it has finished before', async () => {
    const { db } = await queue()
    const steps: string[] = []
    const job = defineJob<object>({
      name: 'stepping',
      attempts: 1,
      run: async (_, { snooze, step }) => {
        if (steps.length === 1) {
          steps.push('none')
          return snooze(soon)
        }
        await step('first', () => void steps.push('first'))
        if (steps.length === 1) snooze(soon)
      },
    })
    const { id } = await enqueue(db, job, {})
    for (let round = 0; round < 3; round += 1) {
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      await sql`update yuzuru_jobs set run_at = now()`.execute(db)
    }
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', errors: [] })
    expect(steps).toEqual(['first', 'none'])
  })

  const wrong: Readonly<Record<string, unknown>> = {
    neither: {},
    both: { runAt: new Date(), delayMs: 1 },
    'no delay': { delayMs: 0 },
    'an invalid moment': { runAt: new Date(NaN) },
    'a misspelt option': { delayms: 1 },
  }
  for (const [name, until] of Object.entries(wrong)) {
    test(`is a TypeError with ${name}`, async () => {
      const { db } = await queue()
      const { job } = snoozing([until as Snooze])
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await getJob(db, id)).toMatchObject({
        state: 'failed',
        lastError: { name: 'TypeError', message: expect.stringMatching(/^Expected/) },
      })
    })
  }
})
