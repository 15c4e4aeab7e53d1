import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { blocking, takeOver, types, withWorker } from '../../test/with-worker.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'

describe('lease', () => {
  test('that was taken over cannot complete the job, and its handler is cancelled', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    const { id } = await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    const options = { jobs: [job], leaseMs: 60_000, heartbeatMs: 10, pollMs: 60_000, onEvent }
    await withWorker(db, options, async () => {
      const { completeIn } = await begun
      await takeOver(db, id)
      const late = db.transaction().execute(async (tx) => {
        await completeIn(tx)
      })
      await expect(late).rejects.toMatchObject({ code: 'lease_lost', outcome: 'none' })
      await lost.promise
    })
    expect(reasons[0]).toMatchObject({ message: expect.stringContaining('was lost') as string })
    expect(await getJob(db, id)).toMatchObject({ state: 'running', attempt: 2 })
  })

  test('that was taken over cannot complete the job by the end of the handler either', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'deaf',
      run: async () => {
        begun.resolve()
        await end.promise
      },
    })
    const { id } = await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    await withWorker(db, { jobs: [job], leaseMs: 60_000, onEvent }, async () => {
      await begun.promise
      await takeOver(db, id)
      end.resolve()
      await lost.promise
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'running', attempt: 2 })
  })

  test('is extended while the handler runs, so that nobody takes it over', async () => {
    const { db } = await queue()
    const beats = Promise.withResolvers<void>()
    const job = defineJob<object>({ name: 'long', run: () => beats.promise })
    const { id } = await enqueue(db, job, {})
    const leaseOf = async (): Promise<string> =>
      (
        await sql<{ at: string | null }>`
        select lease_until::text as at from yuzuru_jobs where id = ${id}::uuid`.execute(db)
      ).rows[0]?.at ?? ''
    await withWorker(db, { jobs: [job], leaseMs: 60_000, heartbeatMs: 10 }, async () => {
      await expect.poll(leaseOf, { interval: 5 }).not.toBe('')
      const first = await leaseOf()
      await expect.poll(leaseOf, { interval: 5 }).not.toBe(first)
      beats.resolve()
      await expect.poll(() => getJob(db, id), { interval: 5 }).toMatchObject({ state: 'completed' })
    })
  })

  test('that expired brings the job back with the attempt used, until none is left', async () => {
    const { db } = await queue()
    const job = defineJob<object>({ name: 'orphan', attempts: 2, run: async () => undefined })
    const again = await enqueue(db, job, {})
    const spent = await enqueue(db, job, {})
    await takeOver(db, again.id, 1)
    await takeOver(db, spent.id, 2)
    await sql`update yuzuru_jobs set lease_until = now() - interval '1 second'`.execute(db)
    const events: WorkerEvent[] = []
    const worker = createWorker(db, { jobs: [job], onEvent: (event) => events.push(event) })
    await worker.runUntilIdle()
    expect(await getJob(db, again.id)).toMatchObject({ state: 'completed', attempt: 2 })
    expect(await getJob(db, spent.id)).toMatchObject({
      state: 'failed',
      attempt: 2,
      lastError: { code: 'lease_expired' },
    })
    expect(types(events).filter((type) => type === 'recovered')).toHaveLength(2)
  })

  test('ends the handler when the database cannot be asked for as long as it', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    const options = { jobs: [job], leaseMs: 200, heartbeatMs: 50, pollMs: 60_000, onEvent }
    await withWorker(db, options, async () => {
      await begun
      await sql`alter table yuzuru_jobs rename to out_of_reach`.execute(db)
      await lost.promise
    })
    expect(reasons).toHaveLength(1)
  })
})
