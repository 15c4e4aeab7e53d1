import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { queueAt } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'

test('the migration to results keeps every job, and rewrites no table', async () => {
  const { db, migrate } = await queueAt('yuzuru_jobs_0007_errors')
  await sql`
    insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at)
    select gen_random_uuid(), 'plain', 'default', '{}', 0, 5, now() from generate_series(1, 50)`.execute(
    db,
  )
  const filesOf = async (): Promise<unknown[]> => {
    const { rows } = await sql`
      select relname, pg_relation_filenode(oid) as file from pg_class
      where oid in ('yuzuru_jobs'::regclass, 'yuzuru_job_history'::regclass) order by relname`.execute(
      db,
    )
    return rows
  }
  const before = await filesOf()
  await migrate()
  expect(await filesOf()).toEqual(before)
  const plain = defineJob<object>({ name: 'plain', run: async () => undefined })
  expect(await drainJobs(db, [plain])).toMatchObject({ completed: 50 })
})
