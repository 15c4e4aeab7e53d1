import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue, queueAt } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from '../worker/worker.ts'

const failing = defineJob<object>({
  name: 'failing',
  attempts: 1,
  run: async () => {
    throw new Error('no')
  },
})

describe('the database', () => {
  test('checks no job, as each check of a table is read anew for each statement', async () => {
    const { db, migrate } = await queueAt('yuzuru_jobs_0020_put_off')
    const { id } = await enqueue(db, failing, {})
    await migrate()
    const { rows } = await sql`
      select conname from pg_constraint where contype = 'c'
        and conrelid in ('yuzuru_jobs'::regclass, 'yuzuru_job_history'::regclass)`.execute(db)
    expect(rows).toEqual([])
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    expect((await getJob(db, id))?.state).toBe('failed')
  })

  test('of a test refuses states that cannot be', async () => {
    const { db } = await queue()
    const { id } = await enqueue(db, failing, {})
    const set = (what: string): Promise<unknown> =>
      sql`update yuzuru_jobs set ${sql.raw(what)} where id = ${id}::uuid`.execute(db)
    await expect(set('stage = 9')).rejects.toThrow('check constraint')
    await expect(set('stage = 3')).rejects.toThrow('check constraint')
    await expect(set('worker = 1')).rejects.toThrow('check constraint')
    await expect(set('attempt = 2')).rejects.toThrow('check constraint')
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    const end = (state: string): Promise<unknown> =>
      sql`update yuzuru_job_history set state = ${state} where id = ${id}::uuid`.execute(db)
    await expect(end('waiting')).rejects.toThrow('check constraint')
  })

  test('fails in one way, with what is known of the outcome', async () => {
    const { db } = await queue()
    await sql`alter table yuzuru_jobs add constraint closed check (false)`.execute(db)
    await expect(enqueue(db, failing, {})).rejects.toMatchObject({
      name: 'JobError',
      boundary: 'jobs',
      operation: 'enqueue',
      code: 'database',
      retryable: false,
      outcome: 'none',
      cause: { code: '23514' },
    })
  })

  test('says what to do when it was never made', async () => {
    const { db } = await queue()
    await sql`alter table yuzuru_jobs rename to gone`.execute(db)
    for (const call of [() => enqueue(db, failing, {}), () => jobStats(db)]) {
      await expect(call()).rejects.toMatchObject({
        name: 'JobError',
        code: 'not_migrated',
        message: expect.stringContaining('run migrate(db, [jobsMigrations]) first'),
        retryable: false,
        outcome: 'none',
      })
    }
  })

  test('says the same of a table of an earlier version', async () => {
    const { db } = await queue()
    await sql`alter table yuzuru_jobs rename column payload to gone`.execute(db)
    await expect(enqueue(db, failing, {})).rejects.toMatchObject({ code: 'not_migrated' })
  })
})
