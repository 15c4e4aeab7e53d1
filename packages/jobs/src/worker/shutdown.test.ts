import { Cancelled, cancelScope, shield, throwIfCancelled } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { blocking, types, withWorker } from '../../test/with-worker.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

describe('shutdown', () => {
  test('returns running jobs to the queue with their attempts given back', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    const { id } = await enqueue(db, job, {})
    const events = await withWorker(db, { jobs: [job] }, async () => {
      await begun
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
    expect(types(events)).toEqual(['started', 'returned'])
    expect(reasons[0]).toMatchObject({
      name: 'Cancelled',
      message: expect.stringContaining('shutting down') as string,
    })
  })

  test('lets handlers end within the grace', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const stopped = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'brief',
      run: async () => {
        begun.resolve()
        await stopped.promise
        throwIfCancelled()
      },
    })
    const { id } = await enqueue(db, job, {})
    const worker = createWorker(db, { jobs: [job], pollMs: 10, drainMs: 60_000 })
    const call = cancelScope(async (scope) => {
      const work = worker.run()
      await begun.promise
      scope.cancel('SIGTERM, say')
      await shield(() => enqueue(db, job, {}))
      stopped.resolve()
      await work
    })
    await expect(call).rejects.toSatisfy((error) => Cancelled.isInstance(error))
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(await jobStats(db)).toMatchObject({ waiting: 1, running: 0 })
  })

  test('gives back unbegun what a claim that was on its way has taken', async () => {
    const { db, name } = await queue()
    let ran = false
    const job = defineJob<object>({
      name: 'unbegun',
      run: async () => {
        ran = true
      },
    })
    const { id } = await enqueue(db, job, {})
    const blocked = async (): Promise<number> =>
      (
        await sql`select 1 from pg_stat_activity where application_name = ${name}
        and wait_event_type = 'Lock'`.execute(db)
      ).rows.length
    const call = cancelScope(async (scope) => {
      let work: Promise<void> | undefined
      await db.transaction().execute(async (tx) => {
        await sql`lock table yuzuru_jobs in access exclusive mode`.execute(tx)
        work = createWorker(db, { jobs: [job] }).run()
        await expect.poll(blocked, { interval: 5 }).toBe(1)
        scope.cancel('SIGTERM, say')
      })
      await work
    })
    await expect(call).rejects.toSatisfy((error) => Cancelled.isInstance(error))
    expect(ran).toBe(false)
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
  })

  test('reaches the query that a handler waits for', async () => {
    const { db, url, name } = await queue()
    await using ours = createDatabase<unknown>({ url })
    const job = defineJob<object>({
      name: 'querying',
      run: async () => {
        await sql`select pg_sleep(600)`.execute(ours)
      },
    })
    const { id } = await enqueue(db, job, {})
    const sleeping = async (): Promise<number> =>
      (
        await sql`select 1 from pg_stat_activity where application_name = ${name}
        and wait_event = 'PgSleep'`.execute(db)
      ).rows.length
    const events = await withWorker(ours, { jobs: [job] }, async () => {
      await expect.poll(sleeping, { interval: 5 }).toBe(1)
    })
    expect(await sleeping()).toBe(0)
    expect(types(events)).toEqual(['started', 'returned'])
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
  })
})
