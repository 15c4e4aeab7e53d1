import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import {
  blocking,
  expireLeases,
  leaseOf,
  takeOver,
  types,
  withWorker,
} from '../../test/with-worker.ts'
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
      await sql`delete from yuzuru_job_workers`.execute(db)
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
    await withWorker(db, { jobs: [job], leaseMs: 60_000, heartbeatMs: 10 }, async () => {
      await expect.poll(() => leaseOf(db), { interval: 5 }).not.toBe('')
      const first = await leaseOf(db)
      await expect.poll(() => leaseOf(db), { interval: 5 }).not.toBe(first)
      beats.resolve()
      await expect.poll(() => getJob(db, id), { interval: 5 }).toMatchObject({ state: 'completed' })
    })
  })

  test('that expired brings the job back, at first without a used attempt, until none is left', async () => {
    const { db } = await queue()
    const job = defineJob<object>({ name: 'orphan', attempts: 2, run: async () => undefined })
    const { id } = await enqueue(db, job, {})
    const events: WorkerEvent[] = []
    // It serves another kind: it takes the job back, and runs it not.
    const { job: other } = blocking()
    const worker = createWorker(db, { jobs: [other], onEvent: (event) => events.push(event) })
    const states: unknown[] = []
    for (const attempt of [1, 1, 2]) {
      await takeOver(db, id, attempt)
      await expireLeases(db)
      await worker.runUntilIdle()
      const found = await getJob(db, id)
      states.push([found?.state, found?.attempt, found?.lastError?.code])
    }
    expect(states).toEqual([
      ['waiting', 0, 'lease_expired'],
      ['waiting', 1, 'lease_expired'],
      ['failed', 2, 'lease_expired'],
    ])
    expect(types(events)).toEqual(['recovered', 'recovered', 'recovered'])
    const { rows } = await sql`select from yuzuru_job_workers`.execute(db)
    expect(rows).toEqual([])
  })

  test('of another worker is not touched, nor are its jobs, while it holds', async () => {
    const { db } = await queue()
    const job = defineJob<object>({ name: 'taken', run: async () => undefined })
    const { id } = await enqueue(db, job, {})
    await takeOver(db, id, 1)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'running', attempt: 1 })
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
      await sql`alter table yuzuru_job_workers rename to out_of_reach`.execute(db)
      await lost.promise
    })
    expect(reasons).toHaveLength(1)
  })
})
