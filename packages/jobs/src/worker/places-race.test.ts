import { once } from 'node:events'
import { taskGroup } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openKysely } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { OF_FEW, OF_QUEUE, scaledKinds } from '../../test/scaled.ts'
import { startProgram } from '../../test/start-program.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { scaleQueue } from '../queue/scale-queue.ts'
import { createWorker } from './worker.ts'

const JOBS = 60

test('eight racing workers, of which four processes are killed, never go beyond the number of a queue or of a kind, and lose no job', async () => {
  const { db, url } = await queue()
  await sql`create table violations (job_id uuid)`.execute(db)
  await scaleQueue(db, { queue: 'default' }, OF_QUEUE)
  await scaleQueue(db, { job: 'few' }, OF_FEW)
  const payloads = Array.from({ length: JOBS / 2 }, () => ({}))
  for (const job of scaledKinds(db)) await enqueueMany(db, job, payloads)
  // Each kills itself at one of its ends; together they come to no more than 20 of 60.
  const killed = [2, 4, 6, 8].map((diesAt) => startProgram('scale-process.ts', url, `${diesAt}`))
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

async function worker(url: string): Promise<void> {
  const db = openKysely(url, 14)
  onTestFinished(() => db.destroy())
  await createWorker(db, { jobs: scaledKinds(db), pollMs: 20, leaseMs: 2_000 }).run()
}
