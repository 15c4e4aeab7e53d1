import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { taskGroup } from '@yuzuru/concurrency'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { findJobs, type FindJobsOptions } from '../../queue/find-jobs.ts'
import { jobStats } from '../../queue/job-stats.ts'
import { watchJobs } from '../../queue/watch-jobs.ts'
import { defineJob } from '../../job/define-job.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder } from './kinds.ts'

/** How jobs are found and counted. */
export const findingCases: Cases = {
  'jobs are found by their tags, kind and state, page by page': async ({ db }) => {
    const { job } = recorder()
    const tag = ownName()
    const handles = await enqueueMany(db, job, [{ n: 1 }, { n: 2 }, { n: 3 }], { tags: [tag] })
    await enqueue(db, job, { n: 4 })
    await drainJobs(db, [job])
    const { id } = await enqueue(db, job, { n: 5 }, { tags: [tag, 'late'] })
    const found = async (options: FindJobsOptions): Promise<string[]> => {
      const ids: string[] = []
      for (let after: string | undefined; ;) {
        const page = await findJobs(db, { tags: [tag], limit: 2, ...options, after })
        ids.push(...page.jobs.map((each) => each.id))
        after = page.next
        if (after === undefined) return ids
      }
    }
    const all = [
      id,
      ...handles
        .map((handle) => handle.id)
        .toSorted()
        .toReversed(),
    ]
    assert.deepEqual(await found({}), all)
    assert.deepEqual(await found({ states: ['waiting'] }), [id])
    assert.deepEqual(await found({ tags: ['late', tag], job }), [id])
    assert.deepEqual(await found({ job: 'another' }), [])
    assert.deepEqual(await found({ queue: ownName() }), [])
    assert.deepEqual(await found({ queue: job.queue }), all)
    assert.equal((await found({ tags: undefined, job, states: ['completed'] })).length, 4)
  },

  'a job has the tags that its kind makes of the payload': async ({ db }) => {
    const tag = ownName()
    const job = defineJob<{ n: number }>({
      name: ownName(),
      tags: ({ n }) => [tag, `${tag}-${n}`],
      run: async () => undefined,
    })
    const [, second] = await enqueueMany(db, job, numbered(2))
    const { jobs } = await findJobs(db, { tags: [`${tag}-1`] })
    assert.deepEqual(
      jobs.map(({ id, tags }) => [id, tags.toSorted()]),
      [[second?.id, [tag, `${tag}-1`]]],
    )
  },

  'jobs are counted by queue and kind': async ({ db }) => {
    const { job } = recorder()
    // The lanes come in the order of their names, and there may be many others.
    const queue = `!${ownName()}`
    await enqueueMany(db, job, numbered(3), { queue })
    await enqueueMany(db, job, numbered(2), { queue, delayMs: 3_600_000 })
    const { lanes } = await jobStats(db)
    const { due, later, held, running } = lanes.find((lane) => lane.queue === queue) ?? {}
    assert.deepEqual({ due, later, held, running }, { due: 3, later: 2, held: 0, running: 0 })
  },

  'depth and lag of each kind are published': async ({ db }) => {
    const { job } = recorder()
    const queue = `!${ownName()}`
    await enqueueMany(db, job, numbered(3), { queue })
    const heard = Promise.withResolvers<void>()
    const hear = (message: unknown): void => {
      if ((message as { queue?: unknown }).queue === queue) heard.resolve()
    }
    subscribe('yuzuru:job-stats', hear)
    try {
      await taskGroup(async (group) => {
        const watching = group.spawn(() => watchJobs(db))
        await heard.promise
        watching.cancel('it was heard')
      })
    } finally {
      unsubscribe('yuzuru:job-stats', hear)
    }
  },
}
