import { createDatabase, transaction } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

describe('the connections of a worker', () => {
  test('are its own: with all those of the handlers in transactions the lease is extended', async () => {
    const { url } = await queue()
    // The defaults of both: 10 connections, and 10 handlers at once.
    await using db = createDatabase<object>({ url })
    const all = Promise.withResolvers<void>()
    let inside = 0
    const job = defineJob<{ n: number }>({
      name: 'holds-one',
      run: (_, { completeIn }) =>
        transaction(db, async (tx) => {
          await sql`select 1`.execute(tx)
          inside += 1
          if (inside === 10) all.resolve()
          await all.promise
          // Several leases, by the server's clock, in which no connection of the handlers' is free.
          await sql`select pg_sleep(4.5)`.execute(tx)
          await completeIn(tx)
        }),
    })
    const jobs = Array.from({ length: 10 }, (_, n) => ({ n }))
    await enqueueMany(db, job, jobs)
    const options = { jobs: [job], leaseMs: 2_000, heartbeatMs: 100 }
    const events = await withWorker(db, options, async () => {
      await expect
        .poll(() => jobStats(db), { interval: 20, timeout: 100_000 })
        .toMatchObject({ completed: 10 })
    })
    expect(new Set(types(events))).toEqual(new Set(['started', 'completed']))
    expect(types(events)).toHaveLength(20)
  })

  test('are those of `engine`, where it is given', async () => {
    const { db, url, name } = await queue()
    const own = new URL(url)
    own.searchParams.set('application_name', `${name}:engine`)
    await using engine = createDatabase<object>({ url: own.href })
    let seen: unknown[] = []
    const job = defineJob<object>({
      name: 'looks',
      run: async () => {
        const { rows } = await sql<{ query: string }>`select query from pg_stat_activity
          where application_name = ${`${name}:engine`}`.execute(db)
        seen = rows.filter(({ query }) => query.includes('yuzuru_job'))
      },
    })
    await enqueueMany(db, job, [{}])
    await createWorker(db, { jobs: [job], engine }).runUntilIdle()
    expect(seen.length).toBeGreaterThan(0)
  })
})
