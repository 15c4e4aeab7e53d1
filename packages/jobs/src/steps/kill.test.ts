import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { dyingJob, PLACES } from '../../test/dying-job.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { expireLeases } from '../../test/with-worker.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'

test('a SIGKILL at every await of a handler with steps repeats no step that was kept, and no effect of one with a tx', async () => {
  const { db, url } = await queue()
  const start = (): ChildProcess => startProgram('dying-process.ts', url)
  await sql`create table effects (job_id uuid not null, step text not null)`.execute(db)
  await sql`create table deaths (job_id uuid primary key)`.execute(db)
  const handles = await enqueueMany(
    db,
    dyingJob(async () => undefined),
    Array.from({ length: PLACES }, (_, dieAt) => ({ dieAt })),
  )
  for (let deaths = 0; deaths < PLACES; deaths += 1) {
    const child = start()
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    // Its lease need not be waited for: a slow machine would lose a short one while it lives.
    await expireLeases(db)
  }
  const last = start()
  await expect
    .poll(() => jobStats(db), { interval: 50, timeout: 100_000 })
    .toMatchObject({ completed: PLACES, waiting: 0, running: 0, failed: 0 })
  last.kill('SIGTERM')
  await once(last, 'exit')
  const { rows } = await sql<{ id: string; step: string; times: number }>`
    select job_id as id, step, count(*)::int as times from effects group by 1, 2`.execute(db)
  const times = (dieAt: number, step: string): number | undefined =>
    rows.find((row) => row.id === handles[dieAt]?.id && row.step === step)?.times
  for (let dieAt = 0; dieAt < PLACES; dieAt += 1) {
    // Without a tx, what was done and not kept yet when the process died is done again: at place 5.
    const plain = dieAt === 5 ? 2 : 1
    const all = [times(dieAt, 'first'), times(dieAt, 'plain'), times(dieAt, 'second')]
    expect(all, `killed at place ${dieAt}`).toEqual([1, plain, 1])
  }
})
