import assert from 'node:assert/strict'
import { gather } from '@yuzuru/concurrency'
import { enqueue } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { recorder, stepping } from './kinds.ts'

/** Parts of a handler that are done once. */
export const stepsCases: Cases = {
  'a step that has finished is not run again, and gives what it gave': async ({ db }) => {
    const calls: string[] = []
    const seen: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const of = (name: string) => async (): Promise<unknown> => {
        calls.push(name)
        if (name === 'second' && attempt === 1) throw new Error('not yet')
        return { name }
      }
      seen.push(await step('first', of('first')), await step('second', of('second')))
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    assert.equal((await getJob(db, id))?.state, 'completed')
    assert.deepEqual(calls, ['first', 'second', 'second'])
    assert.deepEqual(seen, [{ name: 'first' }, { name: 'second' }])
  },

  'a step with a tx is kept with its effect, or not at all': async ({ db }) => {
    const { job: effect } = recorder()
    const results: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const result = await step('effect', db, async (tx) => {
        await enqueue(tx, effect, { n: attempt })
        if (attempt === 1) throw new Error('rolled back')
        return attempt
      })
      results.push(result)
      if (attempt === 2) throw new Error('after the commit')
    }, 3)
    await enqueue(db, job, {})
    // The effect is a job itself: so many of them there are.
    const { completed } = await drainJobs(db, [job, effect])
    assert.deepEqual({ completed, results }, { completed: 2, results: [2, 2] })
  },

  'steps run side by side, and are found in whatever order': async ({ db }) => {
    const calls: string[] = []
    const job = stepping(async ({ step, attempt }) => {
      const one = (name: string) => async (): Promise<void> => {
        await step(name, () => calls.push(name))
      }
      const all = [one('a'), one('b'), one('c')]
      await gather(attempt === 1 ? all : all.toReversed())
      if (attempt === 1) throw new Error('once more')
    })
    await enqueue(db, job, {})
    assert.equal((await drainJobs(db, [job])).completed, 1)
    assert.deepEqual(calls.toSorted(), ['a', 'b', 'c'])
  },

  'a step that is removed while its job is under way is an error that says which': async ({
    db,
  }) => {
    const job = stepping(async ({ step, attempt }) => {
      await step('kept', () => 1)
      if (attempt === 2) return
      await step('removed', () => 2)
      throw new Error('once more')
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    const { state, lastError } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, lastError?.code], ['failed', 'step_changed'])
    assert.match(lastError?.message ?? '', /"removed"/)
  },
}
