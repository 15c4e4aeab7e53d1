import assert from 'node:assert/strict'
import { defineJob } from '../../job/define-job.ts'
import { enqueue } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder } from './kinds.ts'

/** Effects that happen exactly once. */
export const effectsCases: Cases = {
  'completeIn makes the effect and the completion one': async ({ db, transaction }) => {
    const job = defineJob<object>({
      name: ownName(),
      attempts: 2,
      backoff: () => 0,
      run: async (_, { attempt, completeIn }) => {
        await transaction(async (tx) => {
          await completeIn(tx)
          if (attempt === 1) throw new Error('rolled back')
        })
        throw new Error('too late to matter')
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    const found = await getJob(db, id)
    assert.deepEqual([found?.state, found?.attempt], ['completed', 2])
  },

  'a transactional job has its effects with its end, or not at all': async ({ db }) => {
    const { job: effect, ran } = recorder()
    const job = defineJob<object>({
      name: ownName(),
      mode: 'transactional',
      attempts: 2,
      backoff: () => 0,
      run: async (_, { attempt, tx }) => {
        await enqueue(tx(), effect, { n: attempt })
        if (attempt === 1) throw new Error('rolled back')
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job, effect])
    assert.deepEqual(ran, [2])
    const found = await getJob(db, id)
    assert.deepEqual([found?.state, found?.errors[0]?.message], ['completed', 'rolled back'])
  },
}
