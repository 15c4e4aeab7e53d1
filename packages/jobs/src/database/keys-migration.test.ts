import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queueAt } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'

const ran: number[] = []
const counted = defineJob<{ n: number }>({
  name: 'counted',
  version: 2,
  upgrade: { 1: (payload) => payload },
  run: async ({ n }) => {
    ran.push(n)
  },
})

describe('the migration to versions', () => {
  test('keeps every job, as one of the first version, and rewrites no table', async () => {
    const { db, migrate } = await queueAt('yuzuru_jobs_0003_engine')
    await sql`
      insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at)
      select gen_random_uuid(), 'counted', 'default', json_build_object('n', n), 0, 5, now()
      from generate_series(1, 50) as n`.execute(db)
    const filesOf = async (): Promise<unknown[]> => {
      const { rows } = await sql`
        select relname, pg_relation_filenode(oid) as file from pg_class
        where oid in ('yuzuru_jobs'::regclass, 'yuzuru_job_history'::regclass)
        order by relname`.execute(db)
      return rows
    }
    const before = await filesOf()
    await migrate()
    expect(await filesOf()).toEqual(before)
    await createWorker(db, { jobs: [counted] }).runUntilIdle()
    expect(new Set(ran)).toEqual(new Set(Array.from({ length: 50 }, (_, n) => n + 1)))
  })
})
