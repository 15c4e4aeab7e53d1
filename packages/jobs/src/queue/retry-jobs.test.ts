import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { getJob } from './get-job.ts'
import { jobStats } from './job-stats.ts'
import { retryJobs } from './retry-jobs.ts'

let isMended = false
const letter = defineJob<{ n: number }>({
  name: 'letter',
  attempts: 1,
  run: async () => {
    if (!isMended) throw new Error('no')
  },
})
const other = defineJob<object>({
  name: 'other',
  attempts: 1,
  run: () => Promise.reject(new Error()),
})

async function deadLetters(many: number) {
  isMended = false
  const { db } = await queue()
  const payloads = Array.from({ length: many }, (_, n) => ({ n }))
  await enqueueMany(db, letter, payloads)
  await enqueue(db, other, {})
  await createWorker(db, { jobs: [letter, other] }).runUntilIdle()
  return db
}

const failed = async (db: Kysely<TestSchema>): Promise<number> => (await jobStats(db)).failed

describe('retryJobs', () => {
  test('and the enqueueing of the same keys never wait for each other in a circle', async () => {
    const { db, name } = await queue()
    isMended = false
    // They failed in the order that is not that of their keys.
    for (const key of ['b', 'a']) {
      await enqueue(db, letter, { n: 1 }, { key })
      await createWorker(db, { jobs: [letter] }).runUntilIdle()
    }
    let retrying: Promise<unknown> | undefined
    await db.transaction().execute(async (tx) => {
      await enqueue(tx, letter, { n: 2 }, { key: 'a' })
      retrying = retryJobs(db, letter)
      const waits = async (): Promise<number> => {
        const { rows } = await sql`select from pg_stat_activity where application_name = ${name}
          and wait_event_type = 'Lock' and query like '%yuzuru_job_history%'`.execute(db)
        return rows.length
      }
      await expect.poll(waits, { interval: 5, timeout: 60_000 }).toBe(1)
      expect(await enqueue(tx, letter, { n: 2 }, { key: 'b' })).toMatchObject({ created: true })
    })
    expect(await retrying).toEqual({ retried: 0, kept: 2 })
    expect(await jobStats(db)).toMatchObject({ waiting: 2, failed: 2 })
  })

  test('puts all the failed jobs of a kind back, in batches, and nothing else', async () => {
    const db = await deadLetters(2_500)
    expect(await failed(db)).toBe(2_501)
    isMended = true
    expect(await retryJobs(db, letter)).toEqual({ retried: 2_500, kept: 0 })
    expect(await failed(db)).toBe(1)
    await createWorker(db, { jobs: [letter, other] }).runUntilIdle()
    expect(await jobStats(db)).toMatchObject({ completed: 2_500, failed: 1, waiting: 0 })
    expect(await retryJobs(db, 'letter')).toEqual({ retried: 0, kept: 0 })
  })

  test('puts back so many at the most, those that failed first', async () => {
    const db = await deadLetters(5)
    await sql`update yuzuru_job_history set finished_at = now() - (payload ->> 'n')::integer * interval '1 minute'
      where name = 'letter'`.execute(db)
    expect(await retryJobs(db, letter, { most: 2 })).toEqual({ retried: 2, kept: 0 })
    const { rows } = await sql<{ n: number }>`
      select (payload ->> 'n')::integer as n from yuzuru_jobs order by n`.execute(db)
    expect(rows.map(({ n }) => n)).toEqual([3, 4])
  })

  test('leaves what fails while it runs', async () => {
    const db = await deadLetters(3)
    await sql`update yuzuru_job_history set finished_at = now() + interval '1 hour' where payload ->> 'n' = '1'`.execute(
      db,
    )
    expect(await retryJobs(db, letter)).toEqual({ retried: 2, kept: 0 })
  })

  test('keeps those whose key another has', async () => {
    isMended = false
    const { db } = await queue()
    const ids: string[] = []
    for (const [n, key] of [undefined, 'a', 'a', 'b'].entries()) {
      const { id } = await enqueue(db, letter, { n }, key === undefined ? {} : { key })
      ids.push(id)
      await createWorker(db, { jobs: [letter] }).runUntilIdle()
    }
    await enqueue(db, letter, { n: 9 }, { key: 'b' })
    expect(await retryJobs(db, letter)).toEqual({ retried: 2, kept: 2 })
    const states = await Promise.all(ids.map(async (id) => (await getJob(db, id))?.state))
    expect(states).toEqual(['waiting', 'waiting', 'failed', 'failed'])
  })

  test('is all or nothing in a transaction', async () => {
    const db = await deadLetters(3)
    const undone = db.transaction().execute(async (tx) => {
      expect(await retryJobs(tx, letter)).toEqual({ retried: 3, kept: 0 })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await failed(db)).toBe(4)
  })

  test('finds them without a look at what has completed', async () => {
    const db = await deadLetters(10)
    await sql`insert into yuzuru_job_history (id, name, queue, state, payload, priority, max_attempts, run_at, finished_at)
      select gen_random_uuid(), 'letter', 'default', 'completed', '{}', 0, 5, now(), now() - interval '1 hour'
      from generate_series(1, 20000)`.execute(db)
    await sql`analyze yuzuru_job_history`.execute(db)
    const { rows } = await sql`
      explain select * from yuzuru_job_history
      where state = 'failed' and state <> 'completed' and name = 'letter' and finished_at <= now()
      order by finished_at, id limit 1000`.execute(db)
    expect(JSON.stringify(rows)).toContain('yuzuru_job_history_kept')
  })
})
