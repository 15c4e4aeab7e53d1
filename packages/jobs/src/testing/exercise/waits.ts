import assert from 'node:assert/strict'
import { gather } from '@yuzuru/concurrency'
import { defineJob } from '../../job/define-job.ts'
import { cancelJob } from '../../queue/cancel-job.ts'
import { enqueue } from '../../queue/enqueue.ts'
import { findJobs } from '../../queue/find-jobs.ts'
import { getJob } from '../../queue/get-job.ts'
import { sendEvent } from '../../queue/send-event.ts'
import { waitFor } from '../../queue/wait-for.ts'
import { createWorker } from '../../worker/worker.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder, sorted, stepping, withWorker } from './kinds.ts'

/** What a job waits for without a place of a worker: events, children, a time. */
export const waitsCases: Cases = {
  'an event goes once to each wait, sent before it began or after': async ({ db, transaction }) => {
    const event = ownName()
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const first = await step.waitFor(event, { key: 'k' })
      const second = await step.waitFor(event, { key: 'k', name: 'second' })
      if (attempt === 1) throw new Error('once more')
      got.push([first, second])
    })
    const { id } = await enqueue(db, job, {})
    await sendEvent(db, event, 'k', 1)
    await drainJobs(db, [job])
    assert.equal((await getJob(db, id))?.state, 'waiting')
    const failed = transaction(async (tx) => {
      await sendEvent(tx, event, 'k', 2)
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    await transaction((tx) => sendEvent(tx, event, 'k', 3))
    await drainJobs(db, [job])
    assert.deepEqual(got, [[1, 3]])
  },

  'a child gives its result to its parent, which fails with it and cancels it': async ({ db }) => {
    const ran: number[] = []
    const child = defineJob<{ n: number }, number>({
      name: ownName(),
      run: async ({ n }) => {
        ran.push(n)
        if (n < 0) throw new TypeError('Expected n to be 0 or more, got less')
        return 2 * n
      },
    })
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const all = [1, 2].map((n) => () => step.run(child, { n }, { name: `child ${n}` }))
      got.push(...(await gather(all)))
      if (attempt === 1) throw new Error('once more')
      got.push(await step.run(child, { n: -1 }).catch((error: { code: string }) => error.code))
    })
    await enqueue(db, job, {})
    await drainJobs(db, [job, child])
    // A run that ends at the failed child, then the one that goes on behind it: its last line is reached once.
    assert.deepEqual(got.slice(-3), [2, 4, 'job_failed'])
    assert.deepEqual(sorted(ran), [-1, 1, 2])
    const queue = ownName()
    const parent = stepping(async ({ step }) => {
      await step.run(child, { n: 5 }, { queue, priority: 7 })
    })
    const { id } = await enqueue(db, parent, {})
    await drainJobs(db, [parent])
    const [made] = (await findJobs(db, { job: child, queue })).jobs
    assert.deepEqual([made?.state, made?.priority], ['waiting', 7])
    assert.equal(await cancelJob(db, id), 'cancelled')
    await createWorker(db, { jobs: [child], queues: [queue] }).runUntilIdle()
    assert.equal(ran.includes(5), false)
  },

  'a job that sleeps takes no place and no attempt, and goes on behind the sleep': async ({
    db,
  }) => {
    const calls: string[] = []
    const job = stepping(async ({ step, attempt }) => {
      calls.push(`run ${attempt}`)
      await step('before', () => calls.push('before'))
      await step.sleep('a while', 100)
      await step('after', () => calls.push('after'))
    }, 1)
    const { id } = await enqueue(db, job, {})
    const { job: other, ran } = recorder()
    await withWorker(db, { jobs: [job, other], concurrency: 1 }, async () => {
      await enqueue(db, other, { n: 1 })
      await waitFor(db, job, id, { timeoutMs: 60_000 })
    })
    assert.deepEqual(calls, ['run 1', 'before', 'run 1', 'after'])
    assert.deepEqual(ran, [1])
  },

  'a wait whose time is over gives nothing': async ({ db }) => {
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      got.push(await step.waitFor(ownName(), { name: 'in vain', timeoutMs: 0 }))
    }, 1)
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      await waitFor(db, job, id, { timeoutMs: 60_000 })
    })
    assert.deepEqual(got, [undefined])
  },
}
