import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openKysely } from '../../test/open-kysely.ts'
import { pagesOf } from '../../test/pages-of.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { claim } from './claim.ts'
import { complete } from './complete.ts'
import { Bounds } from './lane.ts'
import type { Lease } from './lease.ts'
import { settle, type Settlement } from './settle.ts'
import { register } from './worker-row.ts'

const MANY = 20_000

const job = defineJob<{ n: number }>({ name: 'job', run: async () => undefined })

/** A long queue with ten jobs that run, on one connection. */
async function running() {
  const { url } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  await enqueueMany(
    db,
    job,
    Array.from({ length: MANY }, (_, n) => ({ n })),
  )
  await sql`vacuum analyze yuzuru_jobs`.execute(db)
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  const bounds = new Bounds([{ queue: 'default', name: 'job' }])
  const { jobs } = await claim(db, { bounds, limit: 10, worker }, {})
  return { db, leases: jobs as readonly Lease[] }
}

test.each<[string, Settlement | undefined]>([
  ['completed', undefined],
  ['tried again', { to: 'waiting', delayMs: 1_000 }],
  ['failed', { to: 'failed', error: { name: 'Error', message: 'no' } }],
])('what is %s is found by its id, however long the queue is', async (_, settlement) => {
  const { db, leases } = await running()
  const ids = leases.map(({ id }) => id)
  const settled = async (): Promise<void> => {
    const all =
      settlement === undefined
        ? await complete(db, { ids, claim: 1 }, {})
        : await settle(
            db,
            leases.map((lease) => ({ lease, settlement })),
            {},
          )
    expect('size' in all ? all.size : all.length).toBe(10)
  }
  const pages = await pagesOf(db, settled)
  const { rows } = await sql<{ pages: number }>`
    select (pg_relation_size('yuzuru_jobs') / 8192)::float8 as pages`.execute(db)
  expect(pages).toBeLessThan((rows[0]?.pages ?? 0) / 2)
})
