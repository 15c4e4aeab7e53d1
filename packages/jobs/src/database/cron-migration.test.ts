import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { queueAt } from '../../test/queue.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { defineJob } from '../job/define-job.ts'

test('the migration to crons keeps every job, and rewrites no table', async () => {
  const { db, migrate } = await queueAt('yuzuru_jobs_0004_keys')
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
  const origins: unknown[] = []
  const plain = defineJob<object>({
    name: 'plain',
    run: async (_, { cron }) => void origins.push(cron),
  })
  expect(await drainJobs(db, [plain])).toMatchObject({ completed: 50 })
  expect(new Set(origins)).toEqual(new Set([undefined]))
})
