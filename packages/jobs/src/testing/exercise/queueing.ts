import assert from 'node:assert/strict'
import { sleep } from '@yuzuru/concurrency'
import { defineJob } from '../../job/define-job.ts'
import { cancelJob } from '../../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { createWorker } from '../../worker/worker.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder, sorted } from './kinds.ts'

/** What is enqueued, when it is run, and in what order. */
export const queueingCases: Cases = {
  'a job that was enqueued is run once': async ({ db }) => {
    const { job, ran } = recorder()
    const { id, created } = await enqueue(db, job, { n: 1 })
    assert.equal(created, true)
    assert.equal((await drainJobs(db, [job])).completed, 1)
    assert.deepEqual(ran, [1])
    assert.equal((await getJob(db, id))?.state, 'completed')
    assert.equal((await drainJobs(db, [job])).completed, 0)
  },

  'a job whose transaction rolled back does not exist': async ({ db, transaction }) => {
    const { job, ran } = recorder()
    const failed = transaction(async (tx) => {
      await enqueue(tx, job, { n: 1 })
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    await transaction((tx) => enqueueMany(tx, job, [{ n: 2 }, { n: 3 }]))
    await drainJobs(db, [job])
    assert.deepEqual(
      ran.toSorted((a, b) => a - b),
      [2, 3],
    )
  },

  'a job for later waits, and a cancelled one never runs': async ({ db }) => {
    const { job, ran } = recorder()
    await enqueue(db, job, { n: 1 }, { delayMs: 3_600_000 })
    const { id } = await enqueue(db, job, { n: 2 })
    assert.equal(await cancelJob(db, id), 'cancelled')
    await drainJobs(db, [job])
    assert.deepEqual(ran, [])
  },

  'many jobs are enqueued in one call, and each is run once': async ({ db }) => {
    const { job, ran } = recorder()
    const handles = await enqueueMany(db, job, numbered(2_000))
    assert.equal(new Set(handles.map(({ id }) => id)).size, 2_000)
    assert.equal((await drainJobs(db, [job])).completed, 2_000)
    assert.deepEqual(
      sorted(ran),
      numbered(2_000).map(({ n }) => n),
    )
  },

  'a job is run in the order of priority, then of its time, then of its enqueueing': async ({
    db,
  }) => {
    const { job, ran } = recorder()
    await enqueueMany(db, job, [{ n: 5 }, { n: 6 }])
    await enqueue(db, job, { n: 7 }, { priority: 1, runAt: new Date(0) })
    await enqueue(db, job, { n: 3 }, { runAt: new Date(0) })
    await enqueue(db, job, { n: 4 }, { runAt: new Date(1_000) })
    await enqueue(db, job, { n: 2 }, { priority: -1 })
    await enqueue(db, job, { n: 1 }, { priority: -2_147_483_648 })
    await createWorker(db, { jobs: [job], concurrency: 1, agingMs: Infinity }).runUntilIdle()
    assert.deepEqual(ran, [1, 2, 3, 4, 5, 6, 7])
  },

  'what has waited for long goes before what has a better priority': async ({ db }) => {
    const ran: number[] = []
    const job = defineJob<{ n: number }>({
      name: ownName(),
      run: async ({ n }) => {
        // What takes no time is taken a thousand at once.
        await sleep(1)
        ran.push(n)
      },
    })
    await enqueueMany(db, job, numbered(500))
    await enqueue(db, job, { n: 500 }, { priority: 5, runAt: new Date(0) })
    await createWorker(db, { jobs: [job], concurrency: 1, agingMs: 1_000 }).runUntilIdle()
    assert.ok(ran.indexOf(500) < 499, 'expected it before the last')
  },

  'a worker takes only from the queues that it serves': async ({ db }) => {
    const { job, ran } = recorder()
    const queue = ownName()
    await enqueue(db, job, { n: 1 }, { queue })
    await drainJobs(db, [job])
    assert.deepEqual(ran, [])
    await createWorker(db, { jobs: [job], queues: [queue] }).runUntilIdle()
    assert.deepEqual(ran, [1])
  },
}
