import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { blocking, leaseOf, types, withWorker } from '../../test/with-worker.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

describe('completeIn', () => {
  test('completes the job and writes its effect in one transaction, exactly once', async () => {
    const { db } = await queue()
    await sql`create table effects (job_id uuid, pid integer)`.execute(db)
    let runs = 0
    const job = defineJob<object>({
      name: 'exact',
      backoff: () => 0,
      run: async (_, { jobId, completeIn }) => {
        runs += 1
        await db.transaction().execute(async (tx) => {
          await completeIn(tx)
          await tx.insertInto('effects').values({ job_id: jobId, pid: runs }).execute()
          if (runs === 1) throw new Error('rolled back')
        })
        throw new Error('after the commit: the job is done all the same')
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const effects = await db.selectFrom('effects').selectAll().execute()
    expect(effects).toEqual([{ job_id: id, pid: 2 }])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 2 })
  })

  test('does not hold up the heartbeats of other jobs while its transaction is open', async () => {
    const { db } = await queue()
    const inside = Promise.withResolvers<void>()
    const commit = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'open',
      run: async (_, { completeIn }) => {
        await db.transaction().execute(async (tx) => {
          await completeIn(tx)
          inside.resolve()
          await commit.promise
        })
        await end.promise
      },
    })
    const { job: other, begun } = blocking()
    await enqueue(db, job, {})
    await enqueue(db, other, {})
    const options = { jobs: [job, other], leaseMs: 60_000, heartbeatMs: 10 }
    const all = await withWorker(db, options, async (events) => {
      await inside.promise
      await begun
      const first = await leaseOf(db)
      await expect.poll(() => leaseOf(db), { interval: 5 }).not.toEqual(first)
      commit.resolve()
      await expect.poll(() => jobStats(db), { interval: 5 }).toMatchObject({ completed: 1 })
      // Two more heartbeats find the job completed while its handler goes on.
      for (let beat = 0; beat < 2; beat += 1) {
        const before = await leaseOf(db)
        await expect.poll(() => leaseOf(db), { interval: 5 }).not.toEqual(before)
      }
      end.resolve()
      await expect.poll(() => types(events), { interval: 5 }).toContain('completed')
    })
    expect(types(all)).not.toContain('lost')
  })

  test('keeps the job its worker’s though its transaction outlasts the lease, and rolls back', async () => {
    const { db } = await queue()
    const events: unknown[] = []
    const job = defineJob<object>({
      name: 'patient',
      backoff: () => 60_000,
      run: async (_, { completeIn }) => {
        await db.transaction().execute(async (tx) => {
          await completeIn(tx)
          // Another worker looks for leases that have expired, while several of these pass.
          await sql`select pg_sleep(4.5)`.execute(tx)
          throw new Error('rolled back')
        })
      },
    })
    const { job: stranger } = blocking('stranger')
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [stranger], onEvent: (event) => events.push(event) }, async () => {
      const options = { jobs: [job], leaseMs: 2_000, heartbeatMs: 100 }
      await withWorker(db, options, async () => {
        const message = async (): Promise<unknown> => (await getJob(db, id))?.lastError?.message
        await expect.poll(message, { interval: 20 }).toBe('rolled back')
      })
    })
    expect(events).toEqual([])
    expect(await getJob(db, id)).toMatchObject({
      state: 'waiting',
      attempt: 1,
      lastError: { message: 'rolled back' },
    })
  })

  test('works under repeatable read, also late in the transaction', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'late',
      attempts: 1,
      run: async (_, { completeIn }) => {
        const work = db.transaction().setIsolationLevel('repeatable read')
        await work.execute(async (tx) => {
          await sql`select 1`.execute(tx)
          // Heartbeats do not touch the job.
          const first = await leaseOf(db)
          await expect.poll(() => leaseOf(db), { interval: 5 }).not.toEqual(first)
          await completeIn(tx)
        })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job], heartbeatMs: 10 }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  test('takes nothing but a transaction', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      const { completeIn } = await begun
      await expect(completeIn(db as never)).rejects.toThrow('Expected tx to be a Transaction')
    })
  })
})
