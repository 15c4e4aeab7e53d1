import assert from 'node:assert/strict'
import type { Queryable } from '@yuzuru/db'
import { sql } from 'kysely'
import { defineCron } from '../../cron/define-cron.ts'
import { listCrons } from '../../cron/list-crons.ts'
import { deleteCron, pauseCron, resumeCron } from '../../cron/pause-cron.ts'
import { execute } from '../../database/execute.ts'
import { defineJob } from '../../job/define-job.ts'
import { createWorker } from '../../worker/worker.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName } from './kinds.ts'

/** No worker has looked at a cron for so long. */
async function away<DB>(db: Queryable<DB>, name: string, forTime: string): Promise<void> {
  const since = sql`clock_timestamp() - ${forTime}::interval`
  await execute(
    db,
    { operation: 'exercise', effect: 'idempotent' },
    sql`update yuzuru_job_crons set done_until = ${since}, next_at = ${since} where name = ${name}`,
  )
}

/** Schedules. */
export const cronsCases: Cases = {
  'a cron has one job for each of its times, from workers that race': async ({ db }) => {
    const name = ownName()
    const times: string[] = []
    const job = defineJob<object>({
      name,
      run: async (_, { cron }) => {
        times.push(`${cron?.at.toISOString()}`)
      },
    })
    const cron = defineCron({ name, job, payload: {}, schedule: '* * * * *', missed: 'all' })
    const work = (): Promise<void> =>
      createWorker(db, { jobs: [job], crons: [cron] }).runUntilIdle()
    await work()
    await away(db, name, '1 hour')
    await Promise.all([work(), work(), work()])
    await work()
    assert.ok(times.length >= 60, `expected at least 60 times, got ${times.length}`)
    assert.equal(new Set(times).size, times.length)
    assert.deepEqual(await deleteCron(db, name), { deleted: true })
  },

  'of missed times those have jobs that the policy says, by the clock of their zone': async ({
    db,
  }) => {
    const made: Record<string, string[]> = { skip: [], once: [], all: [] }
    for (const missed of ['skip', 'once', 'all'] as const) {
      const name = ownName()
      const job = defineJob<{ at: string }>({
        name,
        run: async ({ at }) => void made[missed]?.push(at),
      })
      const cron = defineCron({
        name,
        job,
        payload: (at) => ({ at: at.toISOString().slice(4) }),
        schedule: '30 0 1 1 *',
        timeZone: 'Asia/Tokyo',
        lateMs: 0,
        missed,
      })
      const worker = createWorker(db, { jobs: [job], crons: [cron] })
      await worker.runUntilIdle()
      // Between three and four years have as many of its times, or one more.
      await away(db, name, '1200 days')
      await worker.runUntilIdle()
      await deleteCron(db, name)
    }
    const at = '-12-31T15:30:00.000Z'
    const { skip, once, all = [] } = made
    assert.deepEqual({ skip, once }, { skip: [], once: [at] })
    assert.ok(all.length >= 3 && all.every((each) => each === at), all.join())
  },

  'a cron that is paused makes no jobs, and none for that time when it goes on': async ({ db }) => {
    const name = ownName()
    let made = 0
    const job = defineJob<object>({ name, run: async () => void (made += 1) })
    const cron = defineCron({ name, job, payload: {}, schedule: '0 0 1 1 *', missed: 'all' })
    const worker = createWorker(db, { jobs: [job], crons: [cron] })
    const next = async (): Promise<number | undefined> =>
      (await listCrons(db, { times: 1 })).find((each) => each.name === name)?.nextTimes.length
    await worker.runUntilIdle()
    assert.equal(await next(), 1)
    assert.equal(await pauseCron(db, name), true)
    await away(db, name, '1200 days')
    await worker.runUntilIdle()
    assert.equal(await next(), 0)
    assert.equal(await resumeCron(db, name), true)
    await worker.runUntilIdle()
    assert.equal(made, 0)
    await deleteCron(db, name)
  },
}
