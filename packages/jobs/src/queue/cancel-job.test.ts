import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { startS3 } from '@yuzuru/sandbox'
import { createStorage } from '@yuzuru/storage'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import {
  blocking,
  expireLeases,
  leaseOf,
  takeOver,
  types,
  withWorker,
} from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue } from './enqueue.ts'
import { getJob } from './get-job.ts'

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

  test('in a transaction that goes on holds up no heartbeat of the worker that runs it', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 10 }, async (events) => {
      await begun
      await db.transaction().execute(async (tx) => {
        expect(await cancelJob(tx, id)).toBe('requested')
        // Two: one may have been under way.
        for (const _ of [1, 2]) {
          const lease = await leaseOf(db)
          await expect.poll(() => leaseOf(db), { interval: 5, timeout: 20_000 }).not.toBe(lease)
        }
        expect(types(events)).not.toContain('cancelled')
      })
      await expect
        .poll(() => types(events), { interval: 5, timeout: 60_000 })
        .toContain('cancelled')
    })
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

  test('ends the query that a running handler waits for', async () => {
    const { db, url, name } = await queue()
    await using ours = createDatabase<unknown>({ url })
    const job = defineJob<object>({
      name: 'querying',
      run: async () => void (await sql`select pg_sleep(600)`.execute(ours)),
    })
    const { id } = await enqueue(db, job, {})
    const sleeping = async (): Promise<number> => {
      const { rows } = await sql`select from pg_stat_activity where application_name = ${name}
        and wait_event = 'PgSleep'`.execute(db)
      return rows.length
    }
    await withWorker(ours, { jobs: [job], heartbeatMs: 10 }, async (events) => {
      await expect.poll(sleeping, { interval: 5, timeout: 60_000 }).toBe(1)
      expect(await cancelJob(db, id)).toBe('requested')
      await expect
        .poll(() => types(events), { interval: 5, timeout: 60_000 })
        .toContain('cancelled')
      expect(await sleeping()).toBe(0)
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
  })

  test('aborts the upload that a running handler makes, at the store', async () => {
    const { db } = await queue()
    const dir = await mkdtemp(join(tmpdir(), 'yuzuru-jobs-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    await using s3 = await startS3({ dir, buckets: ['plans'] })
    const { endpoint, accessKeyId, secretAccessKey } = s3
    const credentials = { accessKeyId, secretAccessKey }
    const partSizeBytes = 5 * 1_024 ** 2
    await using storage = createStorage({ endpoint, bucket: 'plans', credentials, partSizeBytes })
    const job = defineJob<object>({
      name: 'uploading',
      run: async () => {
        async function* body(): AsyncGenerator<Uint8Array> {
          yield Buffer.alloc(partSizeBytes)
          yield Buffer.alloc(partSizeBytes)
          await sleep(Infinity)
        }
        await storage.upload('plan.pdf', body())
      },
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 10 }, async (events) => {
      const parts = async (): Promise<number | undefined> =>
        (await s3.uploads('plans'))[0]?.parts.length
      await expect.poll(parts, { interval: 5, timeout: 60_000 }).toBe(2)
      expect(await cancelJob(db, id)).toBe('requested')
      await expect
        .poll(() => types(events), { interval: 5, timeout: 60_000 })
        .toContain('cancelled')
      // By now: the handler ends when the store has heard of it.
      expect(s3.requests).toMatchObject({ CreateMultipartUpload: 1, AbortMultipartUpload: 1 })
      expect([await s3.uploads('plans'), await s3.keys('plans')]).toEqual([[], []])
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
  })

  test('ends also a job whose worker vanished before it heard of it', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    await takeOver(db, id, 1)
    expect(await cancelJob(db, id)).toBe('requested')
    await expireLeases(db)
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
  })
})
