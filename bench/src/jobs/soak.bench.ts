import { moveOnAfter, sleep, taskGroup } from '@yuzuru/concurrency'
import { createWorker, defineJob, enqueueMany } from '@yuzuru/jobs'
import { type RawBuilder, sql } from 'kysely'
import { Client } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { ours, settle } from './queues.ts'

/** How long each half lasts: ten minutes with `SOAK_SECONDS=600`. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 60)

/** How many jobs wait all the time. */
const QUEUED = 1_000_000

/** How many are enqueued at once. */
const CHUNK = 5_000

const HELD = 'with an old snapshot held / fresh'
const GROWN = 'table of jobs after it / before'
const HEAP = 'heap at its most / at its least'
const DEADLOCKS = 'deadlocks'

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: `${QUEUED} jobs wait, as many are enqueued as are done: ${SECONDS} s, and as long with an old snapshot held`,
  bars: {
    [HELD]: { atLeast: 0.6 },
    [GROWN]: { atMost: 2 },
    [HEAP]: { atMost: 1.5 },
    [DEADLOCKS]: { atMost: 0 },
  },
  async measure(resources) {
    const { db, url } = await ours(resources, 'yuzuru')
    await sql`
      insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at)
      select gen_random_uuid(), 'soak', 'default', '{"n":1}', 0, 5, now()
      from generate_series(1, ${QUEUED}::integer)`.execute(db)
    await settle(url, 'yuzuru_jobs, yuzuru_job_history')
    const valueOf = async (select: RawBuilder<{ value: number }>): Promise<number> =>
      (await select.execute(db)).rows[0]?.value ?? Number.NaN
    const pages = sql<{ value: number }>`
      select (pg_relation_size('yuzuru_jobs') / 8192)::float8 as value`
    const heaps: number[] = []
    let done = 0
    const job = defineJob<{ n: number }>({ name: 'soak', run: async () => void (done += 1) })
    const payloads = Array.from({ length: CHUNK }, (_, n) => ({ n }))
    /** Jobs done a second, while as many are enqueued. */
    const half = async (): Promise<number> => {
      done = 0
      await moveOnAfter(SECONDS * 1_000, async () => {
        await taskGroup(async (group) => {
          group.spawn(() => createWorker(db, { jobs: [job], concurrency: 100, drainMs: 0 }).run())
          for (let enqueued = 0; ;) {
            await sleep(1_000)
            while (enqueued < done) enqueued += (await enqueueMany(db, job, payloads)).length
            globalThis.gc?.()
            heaps.push(process.memoryUsage().heapUsed)
          }
        })
      })
      return done / SECONDS
    }
    const first = await valueOf(pages)
    const fresh = await half()
    const second = await valueOf(pages)
    const holder = new Client(url)
    await holder.connect()
    await holder.query('begin isolation level repeatable read')
    await holder.query('select count(*) from yuzuru_jobs')
    const held = await half()
    const last = await valueOf(pages)
    await holder.end()
    const deadlocks = await valueOf(
      sql`select deadlocks::float8 as value from pg_stat_database where datname = current_database()`,
    )
    // The first ones are from before the compiler is done.
    const warm = heaps.slice(10)
    return [
      { name: 'fresh', value: fresh, unit: 'jobs/s' },
      { name: 'with an old snapshot held', value: held, unit: 'jobs/s' },
      { name: HELD, value: held / fresh, unit: '×' },
      { name: GROWN, value: second / first, unit: '×' },
      { name: 'table of jobs after the snapshot / before it', value: last / second, unit: '×' },
      { name: HEAP, value: Math.max(...warm) / Math.min(...warm), unit: '×' },
      { name: 'heap at its most', value: Math.max(...warm) / 1_048_576, unit: 'MiB' },
      { name: DEADLOCKS, value: deadlocks, unit: 'deadlocks' },
    ]
  },
}
