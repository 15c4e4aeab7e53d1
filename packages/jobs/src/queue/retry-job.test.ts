import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue } from './enqueue.ts'
import { getJob } from './get-job.ts'
import { retryJob } from './retry-job.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'
const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

describe('retryJob', () => {
  test('gives a failed or cancelled job all its attempts again', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    const worker = createWorker(db, { jobs: [failing] })
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
    expect(await retryJob(db, id)).toBe(true)
    expect(await getJob(db, id)).toMatchObject({
      state: 'waiting',
      attempt: 0,
      finishedAt: undefined,
    })
    expect(await retryJob(db, id)).toBe(false)
    await cancelJob(db, id)
    expect(await retryJob(db, id)).toBe(true)
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'failed', attempt: 1 })
    expect(await retryJob(db, NOBODY)).toBe(false)
  })

  test('refuses while an unfinished job has the same key', async () => {
    const { db } = await queue()
    const first = await enqueue(db, failing, {}, { key: 'k' })
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    await enqueue(db, failing, {}, { key: 'k' })
    await expect(retryJob(db, first.id)).rejects.toMatchObject({
      code: 'already_exists',
      outcome: 'none',
    })
  })
})
