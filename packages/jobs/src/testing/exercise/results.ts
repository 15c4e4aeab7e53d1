import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { defineJob } from '../../job/define-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { waitFor } from '../../queue/wait-for.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder } from './kinds.ts'

/** What jobs return, and who waits for it. */
export const resultsCases: Cases = {
  'the result of a job is given to all that wait for it': async ({ db }) => {
    const job = defineJob<{ n: number }, { doubled: number }>({
      name: ownName(),
      run: async ({ n }, { progress }) => {
        progress({ n })
        return { doubled: 2 * n }
      },
    })
    const handles = await enqueueMany(db, job, [{ n: 1 }, { n: 2 }, { n: 3 }])
    const waiting = Promise.all(
      [...handles, ...handles].map(({ id }) => waitFor(db, job, id, { timeoutMs: 60_000 })),
    )
    await drainJobs(db, [job])
    const doubled = (await waiting).map((result) => result.doubled)
    assert.deepEqual(doubled, [2, 4, 6, 2, 4, 6])
    const found = await getJob(db, handles[2]?.id ?? '')
    assert.deepEqual(found?.result, { doubled: 6 })
    assert.deepEqual(found?.progress?.value, { n: 3 })
  },

  'a job that has failed or is not there is an error of those that wait for it': async ({ db }) => {
    const { job } = recorder(() => {
      throw new TypeError('Expected another payload')
    })
    const { id } = await enqueue(db, job, { n: 1 })
    const waiting = assert.rejects(waitFor(db, job, id, { timeoutMs: 60_000 }), {
      code: 'job_failed',
    })
    await drainJobs(db, [job])
    await waiting
    await assert.rejects(waitFor(db, job, randomUUID()), { code: 'not_found' })
  },

  'a result is checked before it is kept': async ({ db }) => {
    const job = defineJob<{ n: number }, number>({
      name: ownName(),
      result: (value) => {
        if (typeof value !== 'number') throw new TypeError('Expected a number')
        return value
      },
      run: async ({ n }) => (n > 0 ? n : (undefined as unknown as number)),
    })
    const [good, bad] = await enqueueMany(db, job, [{ n: 1 }, { n: 0 }])
    const { completed, failed } = await drainJobs(db, [job])
    assert.deepEqual({ completed, failed }, { completed: 1, failed: 1 })
    assert.equal(await waitFor(db, job, good?.id ?? ''), 1)
    assert.equal((await getJob(db, bad?.id ?? ''))?.attempt, 1)
  },
}
