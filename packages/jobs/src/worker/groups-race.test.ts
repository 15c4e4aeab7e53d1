import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { taskGroup } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { tracing } from '../../test/grouped.ts'
import { openKysely } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

const GROUPS = 10
const JOBS = 6

test('eight racing workers, of which four processes are killed, run each group in its order, one job at a time, and lose none', async () => {
  const { db, url } = await queue()
  await sql`create table trace (at bigint generated always as identity, grp text, n integer, what text)`.execute(
    db,
  )
  const job = tracing(db)
  for (let n = 0; n < JOBS; n += 1) {
    await enqueueMany(
      db,
      job,
      Array.from({ length: GROUPS }, (_, group) => ({ group: `${group}`, n })),
    )
  }
  // Each kills itself at one of its ends; together they come to no more than 20 of 60.
  const killed = [2, 4, 6, 8].map((diesAt) => start(url, diesAt))
  const signals = await Promise.all(killed.map(async (child) => (await once(child, 'exit'))[1]))
  expect(signals).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL'])
  await taskGroup(async (group) => {
    const living = Array.from({ length: 4 }, () => group.spawn(() => worker(url)))
    await expect
      .poll(() => jobStats(db), { interval: 100, timeout: 100_000 })
      .toMatchObject({ completed: GROUPS * JOBS, waiting: 0, running: 0, failed: 0 })
    for (const each of living) each.cancel('the test is over')
  })

  const { rows } = await sql<{ grp: string; n: number; what: string }>`
    select grp, n, what from trace order by at`.execute(db)
  const done = new Map<string, number>()
  for (const { grp, n, what } of rows) {
    const last = done.get(grp) ?? -1
    // A repeat of the last one is one whose end was not written down; none begins before all before it have ended.
    expect(n - last === 1 || n === last).toBe(true)
    if (what === 'end') done.set(grp, n)
  }
  expect([...done.values()]).toEqual(Array.from({ length: GROUPS }, () => JOBS - 1))
})

function start(url: string, diesAt: number): ChildProcess {
  return startProgram('group-process.ts', url, `${diesAt}`)
}

async function worker(url: string): Promise<void> {
  const db = openKysely(url, 8)
  onTestFinished(() => db.destroy())
  await createWorker(db, { jobs: [tracing(db)], pollMs: 20, leaseMs: 2_000 }).run()
}
