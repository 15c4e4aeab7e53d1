import assert from 'node:assert/strict'
import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { execute } from '../../database/execute.ts'
import { defineJob } from '../../job/define-job.ts'
import { cancelJob } from '../../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { prune } from '../../queue/prune.ts'
import { retryJob } from '../../queue/retry-job.ts'
import { retryJobs } from '../../queue/retry-jobs.ts'
import { waitFor } from '../../queue/wait-for.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder, withWorker } from './kinds.ts'

/** Attempts, and what becomes of jobs after the last. */
export const attemptsCases: Cases = {
  'a failing job is tried again, and then kept as failed': async ({ db }) => {
    const { job, ran } = recorder(() => {
      throw new Error('always')
    })
    const { id } = await enqueue(db, job, { n: 1 })
    const { retrying, failed } = await drainJobs(db, [job])
    assert.deepEqual({ retrying, failed, ran }, { retrying: 1, failed: 1, ran: [1, 1] })
    assert.equal((await getJob(db, id))?.lastError?.message, 'always')
    assert.equal(await retryJob(db, id), true)
    assert.equal((await drainJobs(db, [job])).failed, 1)
  },

  'each attempt has its number, and the error of each is kept': async ({ db }) => {
    const job = defineJob<object>({
      name: ownName(),
      attempts: 3,
      backoff: () => 0,
      run: async (_, { attempt, attempts, jobId, enqueuedAt }) => {
        throw new Error(`${attempt} of ${attempts}, ${typeof jobId}, ${enqueuedAt instanceof Date}`)
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    const { errors = [] } = (await getJob(db, id)) ?? {}
    assert.deepEqual(
      errors.map(({ attempt, message }) => [attempt, message]),
      [1, 2, 3].map((attempt) => [attempt, `${attempt} of 3, string, true`]),
    )
    const once = await enqueue(db, job, {}, { attempts: 1 })
    await drainJobs(db, [job])
    const found = await getJob(db, once.id)
    assert.deepEqual([found?.state, found?.attempts], ['failed', 1])
    assert.equal(found?.lastError?.message, '1 of 1, string, true')
  },

  'an error that no attempt can mend fails at once, and so does what shouldRetry refuses': async ({
    db,
  }) => {
    const { job } = recorder(() => {
      throw new TypeError('Expected another payload, got this')
    })
    const asked = defineJob<object>({
      name: ownName(),
      shouldRetry: () => false,
      run: async () => {
        throw new Error('not again')
      },
    })
    await enqueue(db, job, { n: 1 })
    await enqueue(db, asked, {})
    const { retrying, failed } = await drainJobs(db, [job, asked])
    assert.deepEqual({ retrying, failed }, { retrying: 0, failed: 2 })
  },

  'an attempt that takes longer than its timeout has failed, and its handler is ended': async ({
    db,
  }) => {
    const ended: unknown[] = []
    const job = defineJob<object>({
      name: ownName(),
      attempts: 1,
      timeoutMs: 20,
      run: async (_, { signal }) => {
        try {
          await sleep(Infinity)
        } finally {
          ended.push(signal.aborted)
        }
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    assert.deepEqual(ended, [true])
    const { state, lastError } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, lastError?.name], ['failed', 'TimeoutError'])
  },

  'a job that is snoozed is due again at its time, and uses no attempt': async ({ db }) => {
    const ran: number[] = []
    const job = defineJob<object, string>({
      name: ownName(),
      attempts: 1,
      run: async (_, { attempt, snooze }) => {
        ran.push(attempt)
        if (ran.length < 3) snooze({ delayMs: 20 })
        return 'done'
      },
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      assert.equal(await waitFor(db, job, id, { timeoutMs: 60_000 }), 'done')
    })
    assert.deepEqual(ran, [1, 1, 1])
  },

  'a job that runs is cancelled by the end of its handler, and does not come back': async ({
    db,
  }) => {
    const begun = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: ownName(),
      run: async () => {
        begun.resolve()
        await sleep(Infinity)
      },
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], leaseMs: 60_000, heartbeatMs: 20 }, async () => {
      await begun.promise
      assert.equal(await cancelJob(db, id), 'requested')
      await assert.rejects(waitFor(db, job, id, { timeoutMs: 60_000 }), { code: 'job_cancelled' })
    })
    assert.equal((await getJob(db, id))?.state, 'cancelled')
  },

  'all that has failed of a kind is put back by one call': async ({ db }) => {
    let isMended = false
    const { job } = recorder(() => {
      if (!isMended) throw new Error('not yet')
    })
    await enqueueMany(db, job, numbered(3))
    assert.equal((await drainJobs(db, [job])).failed, 3)
    isMended = true
    assert.deepEqual(await retryJobs(db, job, { most: 2 }), { retried: 2, kept: 0 })
    assert.deepEqual(await retryJobs(db, job), { retried: 1, kept: 0 })
    assert.equal((await drainJobs(db, [job])).completed, 3)
  },

  'what ended long ago is deleted, and nothing else': async ({ db }) => {
    const { job } = recorder()
    const [old, recent] = await enqueueMany(db, job, numbered(2))
    const { id: unfinished } = await enqueue(db, job, { n: 3 }, { delayMs: 3_600_000 })
    await drainJobs(db, [job])
    // Of others that share the database none is as old as that.
    await execute(
      db,
      { operation: 'exercise', effect: 'idempotent' },
      sql`update yuzuru_job_history set finished_at = now() - interval '1000 years' where id = ${old?.id}::uuid`,
    )
    assert.equal(await prune(db, { olderThanMs: 900 * 365 * 86_400_000 }), 1)
    assert.equal(await getJob(db, old?.id ?? ''), undefined)
    assert.equal((await getJob(db, recent?.id ?? ''))?.state, 'completed')
    assert.equal((await getJob(db, unfinished))?.state, 'waiting')
  },
}
