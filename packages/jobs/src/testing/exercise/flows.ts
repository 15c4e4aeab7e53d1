import assert from 'node:assert/strict'
import { defineBatchJob } from '../../job/define-batch-job.ts'
import { defineJob } from '../../job/define-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { enqueueFlow } from '../../queue/enqueue-flow.ts'
import { getJob } from '../../queue/get-job.ts'
import { createWorker } from '../../worker/worker.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder, sorted } from './kinds.ts'

/** Jobs that wait for each other, and jobs that are done together. */
export const flowsCases: Cases = {
  'a flow runs what comes after others once, when all of them have ended': async ({ db }) => {
    const { job: first, ran } = recorder((n) => {
      if (n === 2) throw new TypeError('Expected another number')
    })
    const { job: other, ran: after } = recorder()
    const flow = await enqueueFlow(db, {
      batch: { job: first, payloads: [{ n: 1 }, { n: 2 }, { n: 3 }] },
      done: { job: other, payload: { n: ran.length }, after: 'batch', onFailure: 'ignore' },
      never: { job: other, payload: { n: 9 }, after: ['batch', 'done'] },
    })
    await drainJobs(db, [other])
    assert.deepEqual(after, [])
    await drainJobs(db, [first, other])
    assert.equal(ran.length, 3)
    assert.deepEqual(after, [0])
    const never = await getJob(db, flow.never[0]?.id ?? '')
    assert.deepEqual([never?.state, never?.lastError?.code], ['failed', 'dependency_failed'])
  },

  'a part of a flow has the results of those before it, its own queue and its own priority':
    async ({ db }) => {
      const queue = ownName()
      const got: unknown[] = []
      const part = defineJob<{ n: number }, number>({
        name: ownName(),
        run: async ({ n }) => 2 * n,
      })
      const sum = defineJob<object>({
        name: ownName(),
        run: async (_, { dependencies }) => {
          got.push((await dependencies()).map(({ state, result }) => [state, result]))
        },
      })
      const flow = await enqueueFlow(db, {
        parts: { job: part, payloads: [{ n: 1 }, { n: 2 }] },
        sum: { job: sum, payload: {}, after: 'parts', queue, priority: 7 },
      })
      await drainJobs(db, [part])
      await createWorker(db, { jobs: [sum], queues: [queue] }).runUntilIdle()
      assert.deepEqual(got, [
        [
          ['completed', 2],
          ['completed', 4],
        ],
      ])
      assert.equal((await getJob(db, flow.sum[0]?.id ?? ''))?.priority, 7)
    },

  'a batch has many jobs, of which each ends by itself': async ({ db }) => {
    const sizes: number[] = []
    const seen: number[] = []
    const job = defineBatchJob<{ n: number }, number>({
      name: ownName(),
      size: 4,
      maxWaitMs: 1_000,
      attempts: 2,
      backoff: () => 0,
      run: async (items) => {
        sizes.push(items.length)
        for (const { payload, attempt, attempts, jobId, signal, complete, fail } of items) {
          assert.deepEqual([attempts, typeof jobId, signal.aborted], [2, 'string', false])
          seen.push(payload.n)
          if (payload.n === 1 && attempt === 1) fail(new Error('once more'))
          else complete(payload.n + 10)
        }
      },
    })
    const handles = await enqueueMany(db, job, numbered(4))
    const { completed, retrying } = await drainJobs(db, [job])
    assert.deepEqual({ completed, retrying }, { completed: 4, retrying: 1 })
    assert.deepEqual(sizes, [4, 1])
    assert.deepEqual(sorted(seen), [0, 1, 1, 2, 3])
    assert.equal((await getJob(db, handles[1]?.id ?? ''))?.result, 11)
    const whole = defineBatchJob<{ n: number }>({
      name: ownName(),
      size: 2,
      attempts: 1,
      run: async () => {
        throw new Error('all of it')
      },
    })
    await enqueue(db, whole, { n: 1 })
    assert.equal((await drainJobs(db, [whole])).failed, 1)
  },
}
