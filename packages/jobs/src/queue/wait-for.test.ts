import { cancelScope, gather, sleep, withTimeout } from '@yuzuru/concurrency'
import { createDatabase, type Database } from '@yuzuru/db'
import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { cancelJob } from './cancel-job.ts'
import { EndWatch, endWatchOf } from './end-watch.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { prune } from './prune.ts'
import { waitFor } from './wait-for.ts'

const double = defineJob<{ n: number }, number>({
  name: 'double',
  attempts: 1,
  run: async ({ n }) => {
    if (n < 0) throw new Error('below zero')
    return 2 * n
  },
})

async function ours(): Promise<Database<unknown>> {
  const { url } = await queue()
  const db = createDatabase<unknown>({ url })
  onTestFinished(() => db.close())
  return db
}

const nobody = '00000000-0000-4000-8000-000000000000'

describe('waitFor', () => {
  test.each([
    ['a database of @yuzuru/db', ours],
    ['a plain Kysely', async () => (await queue()).db as unknown as Kysely<unknown>],
  ] as const)(
    'gives the result of a job that ends later, on %s',
    async (_, open: () => Promise<Kysely<unknown>>) => {
      const db = await open()
      const { id } = await enqueue(db, double, { n: 21 })
      const waiting = waitFor(db, double, id)
      await withWorker(db, { jobs: [double] }, async () => {
        expect(await waiting).toBe(42)
      })
      // And that of one that has ended already.
      expect(await waitFor(db, double, id)).toBe(42)
    },
  )

  test('hears of an end, and does not wait for its next look', async () => {
    const db = await ours()
    await withWorker(db, { jobs: [double], pollMs: 60_000 }, async () => {
      // The first has the connection made. Looks by itself are 5 s apart: ten of them would take 50 s.
      for (let n = 0; n < 10; n += 1) {
        const { id } = await enqueue(db, double, { n })
        expect(await waitFor(db, double, id, { timeoutMs: 30_000 })).toBe(2 * n)
      }
    })
  })

  test('says how a job ended that has no result', async () => {
    const db = await ours()
    const { id } = await enqueue(db, double, { n: -1 })
    const later = await enqueue(db, double, { n: 1 }, { delayMs: 3_600_000 })
    const failed = waitFor(db, double, id)
    const cancelled = waitFor(db, double, later.id)
    const refused = expect(failed).rejects.toMatchObject({
      name: 'JobError',
      code: 'job_failed',
      retryable: false,
      outcome: 'unknown',
      message: `Job ${id} ("double") failed: below zero`,
      cause: { name: 'Error', message: 'below zero' },
    })
    const ended = expect(cancelled).rejects.toMatchObject({ code: 'job_cancelled' })
    await drainJobs(db, [double])
    await cancelJob(db, later.id)
    await refused
    await ended
  })

  test('says that there is no such job, or no longer', async () => {
    const db = await ours()
    await expect(waitFor(db, double, nobody)).rejects.toMatchObject({
      code: 'not_found',
      outcome: 'none',
    })
    const { id } = await enqueue(db, double, { n: 1 })
    await drainJobs(db, [double])
    await prune(db, { olderThanMs: 0 })
    await expect(waitFor(db, double, id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('ends when a job is deleted that is waited for', async () => {
    const db = await ours()
    const { id } = await enqueue(db, double, { n: 1 }, { delayMs: 3_600_000 })
    const waiting = waitFor(db, double, id)
    const gone = expect(waiting).rejects.toMatchObject({ code: 'not_found' })
    await expect.poll(() => isWatched(db, id)).toBe(true)
    await sql`delete from yuzuru_jobs where id = ${id}::uuid`.execute(db)
    await gone
  })

  test('is ended by its scope, its deadline or its own limit, and leaves nothing behind', async () => {
    const db = await ours()
    const { id } = await enqueue(db, double, { n: 1 }, { delayMs: 3_600_000 })
    await expect(waitFor(db, double, id, { timeoutMs: 20 })).rejects.toThrow('20')
    await expect(withTimeout(20, () => waitFor(db, double, id))).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await cancelScope(async (scope) => {
      const waiting = waitFor(db, double, id)
      scope.cancel('enough')
      await expect(waiting).rejects.toMatchObject({ name: 'Cancelled' })
    }).catch(() => undefined)
    expect(endWatchOf(db).size).toBe(0)
  })

  test('serves thousands on one connection', async () => {
    const { url, db: plain, name } = await queue()
    await using db = createDatabase<unknown>({ url, connections: 3 })
    const many = 3_000
    const payloads = Array.from({ length: many }, (_, n) => ({ n }))
    const handles = await enqueueMany(db, double, payloads)
    const waiting = gather(
      handles.map(
        ({ id }) =>
          () =>
            waitFor(db, double, id),
      ),
    )
    await expect.poll(() => endWatchOf(db).size).toBe(many)
    const listeners = async (): Promise<number> => {
      const { rows } = await sql`select from pg_stat_activity
        where application_name = ${name} and query ilike 'listen %'`.execute(plain)
      return rows.length
    }
    await expect.poll(listeners).toBe(1)
    await drainJobs(plain, [double])
    expect(await waiting).toEqual(payloads.map(({ n }) => 2 * n))
    expect(endWatchOf(db).size).toBe(0)
  })

  test('has a job that nobody waits for notify nobody', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, double, { n: 1 })
    expect(await isWatched(db, id)).toBe(false)
  })

  test('finds an end of which no notification came', async () => {
    const db = await ours()
    await sql`drop trigger yuzuru_job_ended on yuzuru_job_history`.execute(db)
    const { id } = await enqueue(db, double, { n: 1 })
    const { ended } = new EndWatch(db, 50).wait(id)
    await expect.poll(() => isWatched(db, id)).toBe(true)
    await drainJobs(db, [double])
    expect(await ended).toMatchObject({ id, state: 'completed', result: '2' })
  })

  test('goes on when its connection is lost', async () => {
    const db = await ours()
    const { id } = await enqueue(db, double, { n: 1 })
    const waiting = waitFor(db, double, id)
    await expect.poll(() => isWatched(db, id)).toBe(true)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and application_name = (
        select application_name from pg_stat_activity where pid = pg_backend_pid())`.execute(db)
    await drainJobs(db, [double])
    expect(await waiting).toBe(2)
  })

  test('gives what the schema of the result makes of it, and says where it does not accept it', async () => {
    const db = await ours()
    const on = z.object({ on: z.iso.date().transform((date) => new Date(date)) })
    const returning = (value: unknown) =>
      defineJob({ name: 'dated', result: on, run: async () => value })
    const dated = returning({ on: '2026-04-01' })
    const { id } = await enqueue(db, dated, {})
    await drainJobs(db, [dated])
    expect(await waitFor(db, dated, id)).toEqual({ on: new Date('2026-04-01') })
    await sql`update yuzuru_job_history set result = '{"on":"hanako"}' where id = ${id}::uuid`.execute(
      db,
    )
    await expect(waitFor(db, dated, id)).rejects.toMatchObject({
      code: 'invalid_result',
      message: `"dated" does not accept the result of job ${id}: result.on`,
    })
  })

  test('refuses a transaction, what is no id, and a job of another kind', async () => {
    const { db } = await queue()
    await db.transaction().execute(async (tx) => {
      await expect(waitFor(tx, double, nobody)).rejects.toThrow('Expected db to be a Kysely')
    })
    await expect(waitFor(db, double, 'x')).rejects.toThrow('Expected id to be a UUID')
    const { id } = await enqueue(db, double, { n: 1 })
    await drainJobs(db, [double])
    const other = defineJob<object>({ name: 'other', run: () => sleep(0) })
    await expect(waitFor(db, other, id)).rejects.toThrow(
      `Expected job ${id} to be a "other", got a "double"`,
    )
  })
})

async function isWatched(db: QueryExecutorProvider, id: string): Promise<boolean> {
  const { rows } = await sql<{ watched: number | null }>`
    select watched from yuzuru_jobs where id = ${id}::uuid`.execute(db)
  return rows[0]?.watched === 1
}
