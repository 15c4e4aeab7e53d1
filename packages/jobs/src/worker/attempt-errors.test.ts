import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from './worker.ts'

const failing = (attempts: number) =>
  defineJob<object>({
    name: 'failing',
    attempts,
    backoff: () => 0,
    run: async (_, { attempt }) => {
      throw Object.assign(new Error(`no way to postgres://app:hunter2@db/${attempt}`), {
        code: 'E',
      })
    },
  })

describe('what each attempt failed with', () => {
  test('is kept, redacted, with its number and time', async () => {
    const { db } = await queue()
    const job = failing(3)
    const { id } = await enqueue(db, job, {})
    expect(await getJob(db, id)).toMatchObject({ errors: [] })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found?.errors).toEqual(
      [1, 2, 3].map((attempt) => ({
        name: 'Error',
        code: 'E',
        message: `no way to postgres://[redacted]@db/${attempt}`,
        attempt,
        at: expect.any(Date),
      })),
    )
    const times = found?.errors.map(({ at }) => at.getTime()) ?? []
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(Math.abs((times.at(-1) ?? 0) - (found?.finishedAt?.getTime() ?? 0))).toBeLessThan(1)
  })

  test('is kept for the last hundred', async () => {
    const { db } = await queue()
    const job = failing(103)
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const attempts = (await getJob(db, id))?.errors.map(({ attempt }) => attempt)
    expect(attempts).toEqual(Array.from({ length: 100 }, (_, n) => n + 4))
  })

  test('stays when the job is retried, or ends well', async () => {
    const { db } = await queue()
    const job = failing(1)
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    await retryJob(db, id)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    await retryJob(db, id)
    const well = defineJob<object>({ name: 'failing', run: async () => undefined })
    await createWorker(db, { jobs: [well] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'completed', errors: [{ attempt: 1 }, { attempt: 1 }] })
  })

  test('is also that its worker vanished', async () => {
    const { db } = await queue()
    const job = failing(3)
    const { id } = await enqueue(db, job, {})
    await takeOver(db, id, 1)
    await expireLeases(db)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const codes = (await getJob(db, id))?.errors.map(({ code, attempt }) => [code, attempt])
    expect(codes).toEqual([
      ['lease_expired', 1],
      ['E', 1],
      ['E', 2],
      ['E', 3],
    ])
  })
})
