import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { queue } from '../../test/queue.ts'
import { blocking, takeOver, types, withWorker } from '../../test/with-worker.ts'
import { getJob } from './get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from './job-stats.ts'
import { prune } from './prune.ts'
import { retryJob } from './retry-job.ts'
import { createWorker } from '../worker/worker.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'
const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

describe('cancelJob', () => {
  test('takes a waiting job out of the queue', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    expect(await cancelJob(db, id)).toBe('cancelled')
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled', attempt: 0 })
    expect(await cancelJob(db, id)).toBe('finished')
    expect(await cancelJob(db, NOBODY)).toBe('missing')
    await expect(cancelJob(db, 'nonsense')).rejects.toThrow('Expected id to be a UUID')
  })

  test('ends a running handler at the next heartbeat, and the job does not come back', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 10 }, async (events) => {
      await begun
      expect(await cancelJob(db, id)).toBe('requested')
      await expect.poll(() => types(events), { interval: 5 }).toContain('cancelled')
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
    expect(await cancelJob(db, id)).toBe('finished')
  })

  test('ends also a job whose worker vanished before it heard of it', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    await takeOver(db, id, 1)
    expect(await cancelJob(db, id)).toBe('requested')
    await sql`update yuzuru_jobs set lease_until = now() - interval '1 second'`.execute(db)
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
  })
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

  test('refuses while an unfinished job has the same unique key', async () => {
    const { db } = await queue()
    const first = await enqueue(db, failing, {}, { uniqueKey: 'k' })
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    await enqueue(db, failing, {}, { uniqueKey: 'k' })
    await expect(retryJob(db, first.id)).rejects.toMatchObject({
      code: 'duplicate',
      outcome: 'none',
    })
  })
})

describe('jobStats', () => {
  test('counts by state and tells how long the oldest has been due', async () => {
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

describe('prune', () => {
  test('deletes what has been finished for long enough, and only the states asked for', async () => {
    const { db } = await queue()
    await enqueueMany(
      db,
      failing,
      Array.from({ length: 2_100 }, () => ({})),
    )
    await sql`update yuzuru_jobs set state = 'completed', finished_at = now() - interval '2 days'`.execute(
      db,
    )
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

describe('the database', () => {
  test('refuses states that cannot be', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    const set = (what: string): Promise<unknown> =>
      sql`update yuzuru_jobs set ${sql.raw(what)} where id = ${id}::uuid`.execute(db)
    await expect(set(`state = 'lost'`)).rejects.toThrow('check constraint')
    await expect(set(`state = 'running'`)).rejects.toThrow('check constraint')
    await expect(set(`state = 'completed'`)).rejects.toThrow('check constraint')
    await expect(set('attempt = 2')).rejects.toThrow('check constraint')
  })

  test('is told of in one way, with what is known of the outcome', async () => {
    const { db } = await queue()
    await sql`alter table yuzuru_jobs rename column payload to gone`.execute(db)
    await expect(enqueue(db, failing, {})).rejects.toMatchObject({
      name: 'JobError',
      boundary: 'jobs',
      operation: 'enqueue',
      code: 'database',
      retryable: false,
      outcome: 'none',
      cause: { code: '42703' },
    })
  })

  test('says what to do when it was never made', async () => {
    const { db } = await queue()
    await sql`alter table yuzuru_jobs rename to gone`.execute(db)
    for (const call of [() => enqueue(db, failing, {}), () => jobStats(db)]) {
      await expect(call()).rejects.toMatchObject({
        name: 'JobError',
        code: 'not_migrated',
        message: expect.stringContaining('run migrate(db, [jobsMigrations]) first'),
        retryable: false,
        outcome: 'none',
      })
    }
  })
})
