import { jsonValue, sample } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'

const returning = <T>(value: T, result?: Job['result']): Job<object, object, T> =>
  defineJob<object, T>({
    name: 'returning',
    attempts: 3,
    backoff: () => 0,
    result: result as never,
    run: async () => value,
  })

describe('the result of a job', () => {
  test('is what its handler returned, whatever JSON that is', async () => {
    const { db } = await queue()
    const values = sample(jsonValue(), 200).map((value) => JSON.parse(JSON.stringify(value)))
    const all = [...values, 'a\0b', '\ud83d', [], null, '東京', { a: { b: [1] } }]
    const job = defineJob<{ n: number }, unknown>({
      name: 'many',
      run: async ({ n }) => all[n],
    })
    const handles = await enqueueMany(
      db,
      job,
      all.map((_, n) => ({ n })),
    )
    expect(await drainJobs(db, [job])).toMatchObject({ completed: all.length })
    for (const [n, { id }] of handles.entries()) {
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', result: all[n] })
    }
  })

  test('is none where its handler returned nothing', async () => {
    const { db } = await queue()
    const job = returning(undefined)
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    expect((await getJob(db, id))?.result).toBeUndefined()
  })

  test.each([
    ['is no JSON', returning(new Date(0)), 'Expected the result of "returning" to be JSON'],
    ['is too large', returning('x'.repeat(1_048_576)), 'to take at most 1048576 bytes'],
    [
      'its schema does not accept',
      returning({ sent: 'many' }, z.object({ sent: z.number() })),
      'Expected the result of "returning" to be what its schema accepts, got another: result.sent',
    ],
  ])('that %s fails the job at once', async (_, job, message) => {
    const { db } = await queue()
    const { id } = await enqueue(db, job as Job<object>, {})
    await drainJobs(db, [job as Job])
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
  })

  test('of completeIn is kept with the effect, or not at all', async () => {
    const { db } = await queue()
    const job = defineJob<object, { ignored: true }>({
      name: 'own',
      backoff: () => 0,
      run: async (__, { completeIn, attempt }) => {
        await db.transaction().execute(async (tx) => {
          await completeIn(tx, { attempt })
          if (attempt === 1) throw new Error('rolled back')
        })
        return { ignored: true }
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', result: { attempt: 2 } })
  })

  test('of many that are large goes in statements of a bounded size', async () => {
    const { db } = await queue()
    const job = defineJob<object, string>({ name: 'large', run: async () => 'x'.repeat(1_000_000) })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 12 }, () => ({})),
    )
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 12 })
  })
})
