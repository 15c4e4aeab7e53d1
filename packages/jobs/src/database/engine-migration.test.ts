import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queueAt } from '../../test/queue.ts'
import { expireLeases } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from '../worker/worker.ts'

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Rows as the engine before left them, one in each state that it had. */
async function before0003() {
  const at = await queueAt('yuzuru_jobs_0002_leases')
  const { db } = at
  const base = sql`insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at,
    state, attempt, unique_key, lease_until, claim_id, worker, finished_at, cancel_requested, last_error)`
  const row = (n: number, fields: string): Promise<unknown> =>
    sql`${base} select ${id(n)}::uuid, 'moved', 'default', json_build_object('n', ${n}::integer), 0, 5,
      ${sql.raw(fields)}`.execute(db)
  const past = `now() - interval '1 hour'`
  const free = 'null, null, null, null, false, null'
  await row(1, `${past}, 'waiting', 0, null, ${free}`)
  await row(2, `now() + interval '1 hour', 'waiting', 0, null, ${free}`)
  // Its backoff has passed.
  const failed = `null, gen_random_uuid(), 'w', null, false, '{"name":"Error","message":"once"}'`
  await row(3, `${past}, 'waiting', 1, 'k', ${failed}`)
  const held = (until: string, cancel = false): string =>
    `${past}, 'running', 1, null, ${until}, gen_random_uuid(), 'w', null, ${cancel}, null`
  await row(4, held(`now() + interval '30 s'`))
  await row(5, held(past))
  await row(6, held(past, true))
  const over = (state: string): string =>
    `${past}, '${state}', 1, 'k', null, gen_random_uuid(), 'w', ${past}, false, null`
  await row(7, over('completed'))
  await row(8, over('failed'))
  await row(9, over('cancelled'))
  return at
}

const ran: number[] = []
const moved = defineJob<{ n: number }>({
  name: 'moved',
  run: async ({ n }) => {
    ran.push(n)
  },
})

describe('the migration to the engine', () => {
  test('keeps every job, in whatever state, and runs what is unfinished', async () => {
    const { db, migrate } = await before0003()
    await migrate()
    const states = async (): Promise<unknown[]> => {
      const jobs = Array.from({ length: 9 }, (_, n) => getJob(db, id(n + 1)))
      return (await Promise.all(jobs)).map((job) => job?.state)
    }
    const finished = ['completed', 'failed', 'cancelled']
    expect(await states()).toEqual([
      'waiting',
      'waiting',
      'waiting',
      'running',
      'running',
      'running',
      ...finished,
    ])
    expect(await getJob(db, id(3))).toMatchObject({
      attempt: 1,
      payload: { n: 3 },
      key: 'k',
      lastError: { name: 'Error', message: 'once' },
    })
    expect(await getJob(db, id(7))).toMatchObject({ attempt: 1, payload: { n: 7 } })

    // A lease of the old engine holds: nobody takes what it may still run.
    const worker = createWorker(db, { jobs: [moved] })
    await worker.runUntilIdle()
    expect(new Set(ran.splice(0))).toEqual(new Set([1, 3]))
    expect((await states()).slice(3, 6)).toEqual(['running', 'running', 'running'])
    await expireLeases(db)
    await worker.runUntilIdle()
    expect(new Set(ran.splice(0))).toEqual(new Set([4, 5]))
    expect(await states()).toEqual([
      'completed',
      'waiting',
      'completed',
      'completed',
      'completed',
      'cancelled',
      ...finished,
    ])
    expect(await jobStats(db)).toMatchObject({ waiting: 1, running: 0, completed: 5 })
  })

  test('keeps keys: of what is unfinished, and of that alone', async () => {
    const { db, migrate } = await before0003()
    await migrate()
    const again = await enqueue(db, moved, { n: 3 }, { key: 'k' })
    expect(again).toMatchObject({ id: id(3), created: false })
  })

  test('leaves nothing of the tables before', async () => {
    const { db, name, migrate } = await before0003()
    await migrate('yuzuru_jobs_0003_engine')
    const { rows } = await sql<{ relname: string }>`
      select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = ${name} and relkind in ('r', 'i') order by relname`.execute(db)
    expect(rows.map(({ relname }) => relname)).toEqual([
      'yuzuru_job_history',
      'yuzuru_job_history_finished',
      'yuzuru_job_history_pkey',
      'yuzuru_job_workers',
      'yuzuru_job_workers_pkey',
      'yuzuru_jobs',
      'yuzuru_jobs_due',
      'yuzuru_jobs_later',
      'yuzuru_jobs_pkey',
      'yuzuru_jobs_suspect',
      'yuzuru_jobs_unique',
    ])
  })
})
