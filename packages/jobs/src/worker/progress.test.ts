import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { blocking, takeOver, withWorker } from '../../test/with-worker.ts'
import { writeProgress } from '../engine/progress.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { prune } from '../queue/prune.ts'
import { drainJobs } from '../testing/drain-jobs.ts'

describe('the progress of a job', () => {
  test('is seen while it runs, and the last of it once it has ended', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      const { progress } = await begun
      progress({ done: 1, of: 3 })
      await expect
        .poll(async () => (await getJob(db, id))?.progress)
        .toMatchObject({ value: { done: 1, of: 3 }, at: expect.any(Date) as Date })
    })
    const counting = defineJob<object>({
      name: 'counting',
      run: async (_, { progress }) => {
        for (let n = 0; n <= 1_000; n += 1) progress(n)
      },
    })
    const { id: second } = await enqueue(db, counting, {})
    await drainJobs(db, [counting])
    expect(await getJob(db, second)).toMatchObject({
      state: 'completed',
      progress: { value: 1_000 },
    })
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
    const { rows } = await sql`select from yuzuru_job_progress where job_id = ${second}`.execute(db)
    expect(rows).toEqual([])
  })

  test('of many jobs takes few statements, whatever they say', async () => {
    const { db } = await queue()
    await sql`create table writes (at timestamptz default clock_timestamp())`.execute(db)
    await sql`create function note_write() returns trigger language plpgsql as
      $$ begin insert into writes default values; return null; end $$`.execute(db)
    await sql`create trigger note_write after insert on yuzuru_job_progress
      for each statement execute function note_write()`.execute(db)
    const job = defineJob<object>({
      name: 'talking',
      run: async (_, { progress }) => {
        for (let n = 0; n < 1_000; n += 1) progress(n)
      },
    })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 50 }, () => ({})),
    )
    await drainJobs(db, [job])
    const { rows } = await sql<{ jobs: number; writes: number }>`
      select (select count(*)::int from yuzuru_job_progress where value::text = '999') as jobs,
        (select count(*)::int from writes) as writes`.execute(db)
    expect(rows[0]?.jobs).toBe(50)
    // One when the first spoke, and one for each statement that settled some: not one for each job.
    expect(rows[0]?.writes).toBeLessThan(50)
  })

  test('is not changed by a run that has lost the job', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      await begun
      await takeOver(db, id)
      await writeProgress(db, [{ lease: { id, claim: 2 }, value: '"new"' }], {})
      await writeProgress(db, [{ lease: { id, claim: 1 }, value: '"old"' }], {})
    })
    expect((await getJob(db, id))?.progress?.value).toBe('new')
  })

  test.each([
    ['is no JSON', Number.NaN, 'Expected the progress to be JSON, got NaN'],
    ['is too large', 'x'.repeat(16_384), 'Expected the progress to take at most 16384 bytes'],
  ])('that %s is an error of the handler', async (_, value, message) => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'odd',
      run: async (__, { progress }) => progress(value),
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
  })

  test('that can’t be written fails nothing', async () => {
    const { db } = await queue()
    await sql`drop table yuzuru_job_progress`.execute(db)
    const job = defineJob<object>({ name: 'x', run: async (_, { progress }) => progress(1) })
    await enqueue(db, job, {})
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 1 })
  })
})
