import assert from 'node:assert/strict'
import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { execute } from '../../database/execute.ts'
import { defineJob } from '../../job/define-job.ts'
import { enqueue, enqueueMany } from '../../queue/enqueue.ts'
import { getJob } from '../../queue/get-job.ts'
import { createWorker } from '../../worker/worker.ts'
import type { WorkerEvent } from '../../worker/worker-event.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { numbered, ownName, withWorker } from './kinds.ts'

/** Workers that end, vanish and race. */
export const workersCases: Cases = {
  'workers that race run each job once, no more at once than they may': async ({ db }) => {
    const ran: number[] = []
    let running = 0
    let most = 0
    const job = defineJob<{ n: number }>({
      name: ownName(),
      run: async ({ n }) => {
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        running -= 1
        ran.push(n)
      },
    })
    await enqueueMany(db, job, numbered(300))
    const work = (): Promise<void> =>
      createWorker(db, { jobs: [job], concurrency: 2 }).runUntilIdle()
    await Promise.all([work(), work(), work()])
    assert.equal(new Set(ran).size, 300)
    assert.equal(ran.length, 300)
    assert.ok(most <= 6, `expected 6 at the most, got ${most}`)
  },

  'a shutdown cancels what runs when its time is over, and gives it back with its attempt': async ({
    db,
  }) => {
    const begun = Promise.withResolvers<void>()
    const aborted: boolean[] = []
    const job = defineJob<object>({
      name: ownName(),
      run: async (_, { signal }) => {
        begun.resolve()
        try {
          await sleep(Infinity)
        } finally {
          aborted.push(signal.aborted)
        }
      },
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], drainMs: 0, stopMs: 60_000 }, () => begun.promise)
    const { state, attempt, errors } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, attempt, errors, aborted], ['waiting', 0, [], [true]])
  },

  'a worker whose lease is over can complete nothing: another has its job': async ({ db }) => {
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const events: WorkerEvent['type'][] = []
    const lines: [string, WorkerEvent['type']][] = []
    // Either of the two may find that the lease is over, and says so.
    const isOfJob = (type: WorkerEvent['type']): boolean => type !== 'recovered'
    const name = ownName()
    const job = defineJob<object, string>({
      name,
      run: async () => {
        begun.resolve()
        await end.promise
        return 'late'
      },
    })
    const other = defineJob<object, string>({ name, run: async () => 'in time' })
    const { id } = await enqueue(db, job, {})
    // It extends its lease in ten minutes, which is too late, and has no place to take its job once more.
    const frozen = createWorker(db, {
      jobs: [job],
      concurrency: 1,
      leaseMs: 1_800_000,
      onEvent: ({ type }) => isOfJob(type) && events.push(type),
      log: {
        info: ({ event }) => lines.push(['info', event]),
        warn: ({ event }) => isOfJob(event) && lines.push(['warn', event]),
        error: ({ event }) => lines.push(['error', event]),
      },
    })
    const working = frozen.runUntilIdle()
    await begun.promise
    await execute(
      db,
      { operation: 'exercise', effect: 'idempotent' },
      sql`update yuzuru_job_workers set lease_until = now() - interval '1 second', lease_ms = 0
        where name = ${frozen.id}`,
    )
    const recovered = await drainJobs(db, [other])
    assert.equal(recovered.completed, 1)
    end.resolve()
    await working
    assert.deepEqual(events, ['started', 'lost'])
    assert.deepEqual(lines, [['warn', 'lost']])
    const { state, result } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, result], ['completed', 'in time'])
  },
}
