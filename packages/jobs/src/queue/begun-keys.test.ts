import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import type { KeyConflict } from '../job/job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue } from './enqueue.ts'
import { getJob } from './get-job.ts'
import { retryJob } from './retry-job.ts'

interface Payload {
  readonly n: number
  readonly fails?: boolean
}

/** A kind that keeps a step, and then sleeps or fails. */
function stepping(onConflict: KeyConflict, kept: number[]) {
  return defineJob<Payload>({
    name: 'sync',
    attempts: 1,
    key: () => 'k',
    onConflict,
    run: async ({ n, fails }, { step }) => {
      await step('look', () => void kept.push(n))
      if (fails === true) throw new Error('no')
      if (n === 1) await step.sleep('long', 3_600_000)
    },
  })
}

describe('a job with a key that has kept a step', () => {
  test('and sleeps has one more behind it, with again', async () => {
    const { db } = await queue()
    const job = stepping('again', [])
    const first = await enqueue(db, job, { n: 1 })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const handles = [await enqueue(db, job, { n: 2 }), await enqueue(db, job, { n: 3 })]
    expect(handles.map(({ created }) => created)).toEqual([true, false])
    expect(handles[0]?.id).not.toBe(first.id)
    // It has its turn when the sleep is over and the job has ended.
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, first.id)).toMatchObject({ state: 'waiting' })
    expect(await getJob(db, handles[0]?.id ?? '')).toMatchObject({ state: 'waiting' })
  })

  test('and is behind, put back, does not get another payload', async () => {
    const { db } = await queue()
    const kept: number[] = []
    const job = stepping('replace', kept)
    const { id } = await enqueue(db, job, { n: 2, fails: true })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    await retryJob(db, id)
    const next = await enqueue(db, job, { n: 3 })
    expect(next.created).toBe(true)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    // With the steps of the first payload it would have done nothing of the second.
    expect(kept).toEqual([2, 3])
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled', payload: { n: 2 } })
  })
})
