import assert from 'node:assert/strict'
import { sleep } from '@yuzuru/concurrency'
import { defineJob } from '../../job/define-job.ts'
import { changeLimits } from '../../queue/change-limits.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { pauseQueue, resumeQueue } from '../../queue/pause-queue.ts'
import { scaleQueue } from '../../queue/scale-queue.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, recorder } from './kinds.ts'

/** How many run at once and how often, and what is paused. */
export const limitsCases: Cases = {
  'a limit holds for workers that race, of the kind and of each tenant, and tenants take turns':
    async ({ db }) => {
      const ran: string[] = []
      let running = 0
      const job = defineJob<{ tenant: string }>({
        name: ownName(),
        limits: { concurrency: 2, perTenant: { concurrency: 1 } },
        tenant: ({ tenant }) => tenant,
        run: async ({ tenant }) => {
          running += 1
          assert.ok(running <= 2, `expected 2 at the most, got ${running}`)
          await new Promise(setImmediate)
          running -= 1
          ran.push(tenant)
        },
      })
      const all = [...Array.from({ length: 10 }, () => 'a'), 'b', 'b']
      await enqueueMany(
        db,
        job,
        all.map((tenant) => ({ tenant })),
      )
      await Promise.all([drainJobs(db, [job]), drainJobs(db, [job]), drainJobs(db, [job])])
      await drainJobs(db, [job])
      assert.deepEqual(ran.toSorted(), all)
      assert.ok(ran.lastIndexOf('b') < 8, `expected b to have its turns, got ${ran.join('')}`)
    },

  'limits of a tenant and of a key leave the others alone, and a rate lets no more begin': async ({
    db,
  }) => {
    const ran: string[] = []
    const job = defineJob<{ n: number }>({
      name: ownName(),
      limits: {
        perTenant: { rate: { count: 2, perMs: 3_600_000 } },
        perKey: { rate: { count: 1, perMs: 3_600_000 } },
      },
      tenant: () => 'a',
      key: ({ n }) => `${n}`,
      run: async ({ n }) => {
        ran.push(`${n}`)
      },
    })
    const all = (tenant?: string): Promise<unknown> => enqueueMany(db, job, numbered(3), { tenant })
    await all()
    await drainJobs(db, [job])
    assert.equal(ran.length, 2)
    // The keys of two have begun once in the hour: of the other tenant only the third may begin.
    await enqueue(db, job, { n: 3 }, { tenant: 'b' })
    await enqueue(db, job, { n: Number(ran[0]) }, { tenant: 'b' })
    await drainJobs(db, [job])
    assert.deepEqual(ran.slice(2), ['3'])
  },

  'limits are changed at run time': async ({ db }) => {
    let ran = 0
    const job = defineJob<{ n: number }>({
      name: ownName(),
      limits: { concurrency: 0 },
      run: async () => {
        ran += 1
      },
    })
    await enqueueMany(db, job, numbered(3))
    await drainJobs(db, [job])
    assert.equal(ran, 0)
    await changeLimits(db, job, { concurrency: 1 })
    await drainJobs(db, [job])
    assert.equal(ran, 3)
  },

  'a kind or a queue that is paused waits until it is resumed, also through a rollback': async ({
    db,
    transaction,
  }) => {
    const { job, ran } = recorder()
    const queue = ownName()
    const mine = { ...job, queue }
    await enqueue(db, mine, { n: 1 })
    for (const target of [{ job }, { queue }]) {
      assert.equal(await pauseQueue(db, target), true)
      const undone = transaction(async (tx) => {
        await resumeQueue(tx, target)
        throw new Error('rolled back')
      })
      await assert.rejects(undone, /rolled back/)
      await drainJobs(db, [mine])
      assert.deepEqual(ran, [])
      assert.equal(await resumeQueue(db, target), true)
    }
    await drainJobs(db, [mine])
    assert.deepEqual(ran, [1])
  },

  'no more of a kind or a queue run at once than it is given places, also through a rollback':
    async ({ db, transaction }) => {
      let running = 0
      let most = 0
      const queue = ownName()
      const job = defineJob<object>({
        name: ownName(),
        queue,
        run: async () => {
          running += 1
          most = Math.max(most, running)
          await sleep(30)
          running -= 1
        },
      })
      for (const target of [{ job }, { queue }]) {
        assert.equal(await scaleQueue(db, target, 2), true)
        const undone = transaction(async (tx) => {
          await scaleQueue(tx, target, undefined)
          throw new Error('rolled back')
        })
        await assert.rejects(undone, /rolled back/)
        await enqueueMany(db, job, numbered(6))
        await drainJobs(db, [job])
        assert.equal(most, 2)
        most = 0
        assert.equal(await scaleQueue(db, target, undefined), true)
      }
      await enqueueMany(db, job, numbered(6))
      await drainJobs(db, [job])
      assert.ok(most > 2)
    },
}
