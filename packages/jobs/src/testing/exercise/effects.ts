import assert from 'node:assert/strict'
import { defineBatchJob } from '../../job/define-batch-job.ts'
import { defineJob } from '../../job/define-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder, sorted } from './kinds.ts'

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

  'a batch in a transaction has the effects of all its jobs, or of none': async ({ db }) => {
    const { job: effect, ran } = recorder()
    const sizes: number[] = []
    const job = defineBatchJob<{ n: number }>({
      name: ownName(),
      mode: 'transactional',
      size: 4,
      maxWaitMs: 1_000,
      attempts: 1,
      run: async (items, { tx }) => {
        sizes.push(items.length)
        const payloads = items.map(({ payload }) => payload)
        await enqueueMany(tx(), effect, payloads)
        if (payloads.some(({ n }) => n === 1)) throw new Error('rolled back')
      },
    })
    const handles = await enqueueMany(db, job, numbered(4))
    await drainJobs(db, [job, effect])
    assert.deepEqual(sorted(ran), [0, 2, 3])
    assert.deepEqual(sizes.slice(0, 3), [4, 2, 1])
    const found = await Promise.all(handles.map(async ({ id }) => await getJob(db, id)))
    const states = found.map((end) => end?.state)
    assert.deepEqual(states, ['completed', 'failed', 'completed', 'completed'])
    assert.equal(found[1]?.lastError?.message, 'rolled back')
  },
}
