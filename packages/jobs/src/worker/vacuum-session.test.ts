import { createDatabase } from '@yuzuru/db'
import { CamelCasePlugin, type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { addAndDelete } from '../../test/dead-rows.ts'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'

const JOBS = 20_000

const job = defineJob<{ n: number }>({ name: 'count', run: async () => undefined })

/** A queue in which a worker will vacuum for minutes, and a connection that looks on. */
async function slow() {
  const { url } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  await addAndDelete(db, { alive: 0, dead: 100_000 })
  await using own = createDatabase<object>({ url })
  const payloads = Array.from({ length: JOBS }, (_, n) => ({ n }))
  await enqueueMany(own, job, payloads)
  const slowUrl = new URL(url)
  slowUrl.searchParams.set('options', '-c vacuum_cost_delay=100 -c vacuum_cost_limit=1')
  return { db, url: slowUrl.href }
}

/** The processes of the server that vacuum this database for a worker. */
async function vacuuming(db: Kysely<TestSchema>): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_progress_vacuum where datname = current_database()`.execute(db)
  return rows.map(({ pid }) => pid)
}

const begun = async (db: Kysely<TestSchema>): Promise<number> => {
  await expect.poll(() => vacuuming(db), { interval: 20, timeout: 100_000 }).toHaveLength(1)
  return (await vacuuming(db))[0] ?? 0
}

test('a vacuum takes no connection of an `engine`, which may have one', async () => {
  const { db, url } = await slow()
  await using handlers = createDatabase<object>({ url })
  await using engine = createDatabase<object>({ url, connections: 1 })
  const events = await withWorker(
    handlers,
    { jobs: [job], concurrency: 100, engine, leaseMs: 2_000, heartbeatMs: 100 },
    async () => {
      await begun(db)
      await enqueue(handlers, job, { n: -1 })
      await expect
        .poll(() => jobStats(db), { interval: 20, timeout: 30_000 })
        .toMatchObject({ completed: JOBS + 1 })
      await begun(db)
    },
  )
  expect(types(events)).not.toContain('error')
  expect(await vacuuming(db)).toEqual([])
})

test('a vacuum takes no connection of the handlers, also where `engine` is their database', async () => {
  const { db, url } = await slow()
  await using handlers = createDatabase<object>({ url, connections: 1 })
  const engine = handlers.withPlugin(new CamelCasePlugin())
  await withWorker(handlers, { jobs: [job], concurrency: 100, engine }, async () => {
    await begun(db)
    await enqueue(handlers, job, { n: -1 }, { timeoutMs: 30_000 })
    await begun(db)
  })
  expect(await vacuuming(db)).toEqual([])
})

test('a stop keeps its time while the server process of a vacuum hangs', async () => {
  const { db, url } = await slow()
  // Its other limit is minutes away.
  await using handlers = createDatabase<object>({ url, cancelTimeoutMs: 600_000 })
  const options = { jobs: [job], concurrency: 100, stopMs: 3_000 }
  let stoppedAt = 0
  await withWorker(handlers, options, async () => {
    const pid = await begun(db)
    process.kill(pid, 'SIGSTOP')
    onTestFinished(() => void process.kill(pid, 'SIGCONT'))
    stoppedAt = performance.now()
  })
  expect(performance.now() - stoppedAt).toBeLessThan(60_000)
})

test('what kills the connection of a vacuum is told once, and the worker goes on', async () => {
  const { db, url } = await slow()
  await using handlers = createDatabase<object>({ url })
  const events = await withWorker(handlers, { jobs: [job], concurrency: 100 }, async () => {
    const pid = await begun(db)
    await sql`select pg_terminate_backend(${pid}::integer)`.execute(db)
    await expect.poll(() => vacuuming(db), { interval: 20, timeout: 30_000 }).toEqual([])
    await enqueue(handlers, job, { n: -1 })
    await expect
      .poll(() => jobStats(db), { interval: 20, timeout: 30_000 })
      .toMatchObject({ completed: JOBS + 1 })
  })
  const errors = events.filter(({ type }) => type === 'error')
  expect(errors).toMatchObject([{ operation: 'vacuum', error: { outcome: 'unknown' } }])
})
