import assert from 'node:assert/strict'
import { defineJob } from '../../job/define-job.ts'
import { enqueue } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder } from './kinds.ts'

/** What a repeat means. */
export const keysCases: Cases = {
  'a key gives the unfinished job to all callers that race for it': async ({ db }) => {
    const { job } = recorder()
    const options = { key: 'k', onConflict: 'skip' } as const
    const racing = Array.from({ length: 10 }, () => enqueue(db, job, { n: 1 }, options))
    const handles = await Promise.all(racing)
    assert.equal(handles.filter((handle) => handle.created).length, 1)
    assert.equal(new Set(handles.map((handle) => handle.id)).size, 1)
  },

  'a key whose jobs follow each other has one that runs and one that waits, of which the last payload counts':
    async ({ db, transaction }) => {
      const ran: number[] = []
      const job = defineJob<{ n: number }>({
        name: ownName(),
        key: () => 'k',
        onConflict: 'replace',
        run: async ({ n }) => {
          ran.push(n)
          if (n > 0) return
          await enqueue(db, job, { n: 1 })
          await transaction(async (tx) => {
            assert.equal((await enqueue(tx, job, { n: 2 })).created, false)
          })
        },
      })
      await enqueue(db, job, { n: 0 })
      await drainJobs(db, [job])
      assert.deepEqual(ran, [0, 2])
    },

  'with again what is asked for while its job runs is done once more, after it': async ({ db }) => {
    const ran: number[] = []
    const created: boolean[] = []
    const job = defineJob<{ n: number }>({
      name: ownName(),
      key: () => 'k',
      onConflict: 'again',
      run: async ({ n }) => {
        ran.push(n)
        if (n > 0) return
        for (const next of [1, 2]) created.push((await enqueue(db, job, { n: next })).created)
      },
    })
    await enqueue(db, job, { n: 0 })
    await drainJobs(db, [job])
    assert.deepEqual({ created, ran }, { created: [true, false], ran: [0, 1] })
  },

  'with debounce a job is put off by each call, up to a bound, and has the last payload': async ({
    db,
  }) => {
    const ran: number[] = []
    const job = defineJob<{ n: number }>({
      name: ownName(),
      key: () => 'k',
      onConflict: 'debounce',
      run: async ({ n }) => {
        ran.push(n)
      },
    })
    const asked = async (n: number, delayMs: number): Promise<number> => {
      const { id } = await enqueue(db, job, { n }, { delayMs, maxDelayMs: 7_200_000 })
      return (await getJob(db, id))?.runAt?.getTime() ?? 0
    }
    const first = await asked(1, 3_600_000)
    const second = await asked(2, 7_100_000)
    const third = await asked(3, 7_200_000)
    assert.ok(second > first, 'expected it to be put off')
    assert.ok(third > second, 'expected it to be put off up to its bound')
    assert.equal(await asked(4, 7_200_000), third)
    await enqueue(db, job, { n: 5 }, { onConflict: 'replace' })
    await drainJobs(db, [job])
    assert.deepEqual(ran, [5])
  },
}
