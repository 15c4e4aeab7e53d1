import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { taskGroup } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { limited } from '../../test/limited.ts'
import { openKysely } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

const JOBS = 60

test('eight racing workers, of which four processes are killed, never go beyond a limit, and lose no job', async () => {
  const { db, url } = await queue()
  await sql`create table violations (job_id uuid)`.execute(db)
  await enqueueMany(
    db,
    limited(db),
    Array.from({ length: JOBS }, (_, n) => ({ tenant: n % 3 })),
  )
  // Each kills itself at one of its ends; together they come to no more than 20 of 60.
  const killed = [2, 4, 6, 8].map((diesAt) => start(url, diesAt))
  const signals = await Promise.all(killed.map(async (child) => (await once(child, 'exit'))[1]))
  expect(signals).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL'])
  await taskGroup(async (group) => {
    const living = Array.from({ length: 4 }, () => group.spawn(() => worker(url)))
    await expect
      .poll(() => jobStats(db), { interval: 100, timeout: 100_000 })
      .toMatchObject({ completed: JOBS, waiting: 0, running: 0, failed: 0 })
    for (const each of living) each.cancel('the test is over')
  })
  expect((await sql`select * from violations`.execute(db)).rows).toEqual([])
})

function start(url: string, diesAt: number): ChildProcess {
  return startProgram('limit-process.ts', url, `${diesAt}`)
}

async function worker(url: string): Promise<void> {
  const db = openKysely(url, 14)
  onTestFinished(() => db.destroy())
  await createWorker(db, { jobs: [limited(db)], pollMs: 20, leaseMs: 2_000 }).run()
}
