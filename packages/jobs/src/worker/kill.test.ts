import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { enqueueMany } from '../queue/enqueue.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { reminder } from '../../test/reminder.ts'
import { jobStats } from '../queue/job-stats.ts'

function startWorker(url: string, stallAt: number): ChildProcess {
  return startProgram('worker-process.ts', url, `${stallAt}`)
}

/** Waits until the child has said `word` so many times. */
async function said(child: ChildProcess, word: string, times = 1): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let heard = 0
  child.on('message', (message) => {
    if (message === word) heard += 1
    if (heard === times) resolve()
  })
  child.on('exit', (code) => reject(new Error(`the worker exited with ${code}`)))
  await promise
}

test('a SIGKILL of a worker in the middle loses none of 200 jobs, and a repeat has the same id', async () => {
  const { db, url } = await queue()
  await sql`create table effects (job_id uuid not null, pid integer not null)`.execute(db)
  const job = reminder(async () => undefined)
  const handles = await enqueueMany(
    db,
    job,
    Array.from({ length: 200 }, (_, staff) => ({ staff })),
  )
  const first = startWorker(url, 60)
  await said(first, 'stalled')
  first.kill('SIGKILL')
  await once(first, 'exit')
  const { completed } = await jobStats(db)
  expect(completed).toBeGreaterThan(0)
  expect(completed).toBeLessThan(200)

  const second = startWorker(url, 0)
  await expect
    .poll(() => jobStats(db), { interval: 50, timeout: 100_000 })
    .toMatchObject({ completed: 200, waiting: 0, running: 0, failed: 0 })
  const effects = await db.selectFrom('effects').selectAll().execute()
  const ids = new Set(effects.map((effect) => effect.job_id))
  expect([...ids].sort()).toEqual(handles.map((handle) => handle.id).sort())
  // The stalled one had its effect twice, and so may have what ran beside it or was not written down yet.
  const repeats = effects.length - 200
  expect(repeats).toBeGreaterThanOrEqual(1)
  expect(repeats).toBeLessThan(60)

  second.kill('SIGTERM')
  const [code] = (await once(second, 'exit')) as [number]
  expect(code).toBe(143)
})
