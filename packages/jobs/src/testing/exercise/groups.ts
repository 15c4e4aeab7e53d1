import assert from 'node:assert/strict'
import { defineJob } from '../../job/define-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder } from './kinds.ts'

/** Jobs one after the other. */
export const groupsCases: Cases = {
  'a group runs its jobs one at a time, in their order, on workers that race': async ({ db }) => {
    const ran: number[] = []
    let running = 0
    const job = defineJob<{ n: number }>({
      name: ownName(),
      attempts: 2,
      backoff: () => 0,
      group: () => 'g',
      run: async ({ n }, { attempt }) => {
        running += 1
        assert.equal(running, 1)
        await new Promise(setImmediate)
        running -= 1
        if (attempt === 1 && n % 3 === 0) throw new Error('once more')
        ran.push(n)
      },
    })
    const all = Array.from({ length: 12 }, (_, n) => n)
    await enqueueMany(
      db,
      job,
      all.map((n) => ({ n })),
    )
    await Promise.all([drainJobs(db, [job]), drainJobs(db, [job]), drainJobs(db, [job])])
    await drainJobs(db, [job])
    assert.deepEqual(ran, all)
  },

  'a group waits for a job of it that is for later, and other groups do not': async ({ db }) => {
    const { job, ran } = recorder()
    await enqueue(db, job, { n: 1 }, { group: 'a', delayMs: 3_600_000 })
    await enqueue(db, job, { n: 2 }, { group: 'a' })
    await enqueue(db, job, { n: 3 }, { group: 'b' })
    await drainJobs(db, [job])
    assert.deepEqual(ran, [3])
  },
}
