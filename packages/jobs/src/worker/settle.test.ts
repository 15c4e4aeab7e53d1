import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { blocking, types, withWorker } from '../../test/with-worker.ts'
import { getJob } from '../queue/get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { heartbeat } from './heartbeat.ts'
import { recover } from './recover.ts'
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
    const { id } = await enqueue(db, other, {})
    const leaseOf = async (): Promise<unknown> =>
      (await sql`select lease_until from yuzuru_jobs where id = ${id}::uuid`.execute(db)).rows[0]
    const options = { jobs: [job, other], leaseMs: 60_000, heartbeatMs: 10 }
    const all = await withWorker(db, options, async (events) => {
      await inside.promise
      await begun
      const first = await leaseOf()
      await expect.poll(leaseOf, { interval: 5 }).not.toEqual(first)
      commit.resolve()
      await expect.poll(() => jobStats(db), { interval: 5 }).toMatchObject({ completed: 1 })
      // Two more heartbeats find the job completed while its handler goes on.
      for (let beat = 0; beat < 2; beat += 1) {
        const before = await leaseOf()
        await expect.poll(leaseOf, { interval: 5 }).not.toEqual(before)
      }
      end.resolve()
      await expect.poll(() => types(events), { interval: 5 }).toContain('completed')
    })
    expect(types(all)).not.toContain('lost')
  })

  test('keeps the job its worker’s though its transaction outlasts the lease, and rolls back', async () => {
    const { db } = await queue()
    const claimOf = async (id: string): Promise<string> => {
      const { rows } = await sql<{ claim: string }>`
        select claim_id::text as claim from yuzuru_jobs where id = ${id}::uuid`.execute(db)
      return rows[0]?.claim ?? ''
    }
    const recovered: unknown[] = []
    const job = defineJob<object>({
      name: 'patient',
      backoff: () => 60_000,
      run: async (_, { jobId, completeIn }) => {
        await sql`update yuzuru_jobs set lease_until = now() - interval '1 second'`.execute(db)
        const lease = { id: jobId, claim: await claimOf(jobId) }
        const work = db.transaction().execute(async (tx) => {
          await completeIn(tx)
          expect(await heartbeat(db, [lease], 60_000, {})).toHaveLength(1)
          throw new Error('rolled back')
        })
        await work.catch(() => undefined)
        // Another worker looks just now: the row is free, and what it says of its lease has passed.
        recovered.push(...(await recover(db, {})))
        await work
      },
    })
    const { id } = await enqueue(db, job, {})
    // None of the worker's own heartbeats and looks come in between.
    await createWorker(db, { jobs: [job], pollMs: 600_000, leaseMs: 1_800_000 }).runUntilIdle()
    expect(recovered).toEqual([])
    expect(await getJob(db, id)).toMatchObject({
      state: 'waiting',
      attempt: 1,
      lastError: { message: 'rolled back' },
    })
  })

  test('leaves no lease beside the row for longer than it lasts', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], leaseMs: 60_000 }, async () => {
      await begun
      await sql`insert into yuzuru_job_leases values
        (gen_random_uuid(), now() - interval '1 second'),
        ((select claim_id from yuzuru_jobs where id = ${id}::uuid), now() - interval '1 second')`.execute(
        db,
      )
      const asked = await sql<{ id: string; claim: string }>`
        select id::text as id, claim_id::text as claim from yuzuru_jobs`.execute(db)
      await heartbeat(db, asked.rows, 60_000, {})
      await heartbeat(db, [], 60_000, {})
      const { rows } = await sql`select from yuzuru_job_leases`.execute(db)
      expect(rows).toEqual([])
    })
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
