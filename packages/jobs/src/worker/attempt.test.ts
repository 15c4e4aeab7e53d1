import { cancelScope, IoError, sleep } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from './worker.ts'

describe('a failed attempt', () => {
  test('is tried again until the attempts are used up, and its last error is kept redacted', async () => {
    const { db } = await queue()
    const seen: number[] = []
    const job = defineJob<object>({
      name: 'broken',
      attempts: 3,
      backoff: () => 0,
      run: async (_, { attempt }) => {
        seen.push(attempt)
        throw Object.assign(
          new Error(`no way to postgres://app:hunter2@db/app ${'x'.repeat(2_000)}`),
          { code: 'E_DOWN' },
        )
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(seen).toEqual([1, 2, 3])
    const kept = await getJob(db, id)
    expect(kept).toMatchObject({ state: 'failed', attempt: 3, lastError: { code: 'E_DOWN' } })
    expect(kept?.lastError?.message).toContain('postgres://[redacted]@db/app')
    expect(Buffer.byteLength(kept?.lastError?.message ?? '')).toBe(1_024)
  })

  test('is not tried again when its error says that another will not help', async () => {
    const { db } = await queue()
    const refused = new IoError('no such card', {
      boundary: 'billing',
      operation: 'charge',
      code: 'declined',
      retryable: false,
      outcome: 'none',
    })
    const run = async (): Promise<void> => {
      throw new AggregateError([refused])
    }
    const final = defineJob<object>({ name: 'final', run, backoff: () => 0 })
    const stubborn = defineJob<object>({
      name: 'stubborn',
      attempts: 4,
      backoff: () => 0,
      shouldRetry: () => true,
      run,
    })
    const one = await enqueue(db, final, {})
    const two = await enqueue(db, stubborn, {})
    await createWorker(db, { jobs: [final, stubborn] }).runUntilIdle()
    expect(await getJob(db, one.id)).toMatchObject({ state: 'failed', attempt: 1 })
    expect(await getJob(db, two.id)).toMatchObject({ state: 'failed', attempt: 4 })
  })

  test('waits as long as the other side asked for before the next', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'throttled',
      backoff: { baseDelayMs: 1 },
      run: async () => {
        throw Object.assign(new Error('slow down'), { retryAfterMs: 120_000 })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'waiting', attempt: 1 })
    expect((found?.runAt?.getTime() ?? 0) - (found?.enqueuedAt.getTime() ?? 0)).toBeGreaterThan(
      119_000,
    )
  })

  test('is one that took longer than its timeoutMs', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'slow',
      attempts: 1,
      timeoutMs: 20,
      run: () => sleep(Infinity),
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      lastError: { name: 'TimeoutError', code: 'timeout' },
    })
  })

  test('is not one that let a Cancelled pass: that gives the attempt back', async () => {
    const { db } = await queue()
    let runs = 0
    const job = defineJob<object>({
      name: 'interrupted',
      attempts: 1,
      backoff: () => 0,
      run: async () => {
        runs += 1
        if (runs > 3) return
        await cancelScope(async (scope) => {
          scope.cancel('from within')
          await sleep(1)
        })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(runs).toBe(4)
  })

  test('comes of a stored payload that the job no longer accepts, for good', async () => {
    const { db } = await queue()
    const before = defineJob<object>({ name: 'evolving', run: async () => undefined })
    let ran = false
    const after = defineJob<{ version: 2 }>({
      name: 'evolving',
      run: async () => {
        ran = true
      },
      schema: () => {
        throw new Error('version is missing')
      },
    })
    const { id } = await enqueue(db, before, {})
    await createWorker(db, { jobs: [after] }).runUntilIdle()
    expect(ran).toBe(false)
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: { code: 'invalid_payload' },
    })
  })
})
