import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { pagesOf } from '../../test/pages-of.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { claim } from './claim.ts'
import { complete } from './complete.ts'
import { Bounds } from './lane.ts'
import type { ClaimedJob } from './lease.ts'
import { promote } from './promote.ts'
import { register } from './worker-row.ts'

const MANY = 20_000

const noop = async (): Promise<void> => undefined
const ours = defineJob<{ n: number }>({ name: 'ours', run: noop })

/** A queue on one connection, whose statistics say what a statement reads. */
async function counted() {
  const { url } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  const bounds = new Bounds([{ queue: 'default', name: 'ours' }])
  const take = async (limit: number): Promise<readonly ClaimedJob[]> =>
    (await claim(db, { bounds, limit, worker }, {})).jobs
  return { db, url, worker, bounds, take }
}

async function drain(
  db: Kysely<TestSchema>,
  take: (limit: number) => Promise<readonly ClaimedJob[]>,
): Promise<number> {
  for (let done = 0; ;) {
    const jobs = await take(500)
    if (jobs.length === 0) return done
    const ids = jobs.map(({ id }) => id)
    done += (await complete(db, { ids, claim: 1 }, {})).length
  }
}

const payloads = (many: number): { n: number }[] => Array.from({ length: many }, (_, n) => ({ n }))

describe('a claim', () => {
  test('reads nothing of kinds and queues that it does not serve, and nothing of what is for later', async () => {
    const { db, take } = await counted()
    const other = defineJob<{ n: number }>({ name: 'other', priority: -1, run: noop })
    await enqueueMany(db, other, payloads(MANY))
    await enqueueMany(db, ours, payloads(MANY), { delayMs: 3_600_000 })
    await enqueueMany(db, ours, payloads(MANY), { queue: 'elsewhere' })
    await enqueueMany(db, ours, payloads(1))
    await take(1)
    // To plan them takes a page of each index for each of their parts, however many jobs there are.
    expect(await pagesOf(db, () => take(1))).toBeLessThan(40)
    expect(await pagesOf(db, () => promote(db, {}))).toBeLessThan(80)
  })

  test('steps over what was taken long ago, though an old snapshot keeps it', async () => {
    const { db, url, bounds, take } = await counted()
    await enqueueMany(db, ours, payloads(MANY))
    const holder = openKysely(url, 1)
    onTestFinished(() => holder.destroy())
    await holder
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (tx) => {
        await sql`select count(*) from yuzuru_jobs`.execute(tx)
        expect(await drain(db, take)).toBe(MANY)
        await enqueueMany(db, ours, payloads(10))
        let found = 0
        const bounded = await pagesOf(db, async () => {
          found = (await take(5)).length
        })
        expect(found).toBe(5)
        expect(bounded).toBeLessThan(60)
        // Without the bound it reads all of that again.
        bounds.clear()
        expect(await pagesOf(db, () => take(5))).toBeGreaterThan(MANY / 10)
      })
  })

  test('finds what came to lie before its bounds once they are given up', async () => {
    const { db, bounds, take } = await counted()
    await enqueueMany(db, ours, payloads(10))
    await take(5)
    await enqueueMany(db, ours, [{ n: 99 }], { priority: -1 })
    expect((await take(1))[0]?.payload).toBe('{"n":5}')
    bounds.clear()
    expect((await take(1))[0]?.payload).toBe('{"n":99}')
  })

  test('leaves an update of it on its page, so that it touches no index', async () => {
    const { db, take } = await counted()
    await enqueueMany(db, ours, payloads(2_000))
    while ((await take(500)).length > 0);
    await sql`select pg_stat_force_next_flush()`.execute(db)
    const { rows } = await sql<{ hot: number }>`
      select n_tup_hot_upd::float8 / n_tup_upd as hot from pg_stat_user_tables
      where relid = 'yuzuru_jobs'::regclass`.execute(db)
    expect(rows[0]?.hot).toBeGreaterThan(0.8)
  })

  test('takes nothing for a worker whose lease has run out, or whose row is gone', async () => {
    const { db, worker, take } = await counted()
    await enqueueMany(db, ours, payloads(1))
    await sql`update yuzuru_job_workers set lease_until = now()`.execute(db)
    expect(await take(1)).toEqual([])
    await sql`delete from yuzuru_job_workers where id = ${worker}::bigint`.execute(db)
    expect(await take(1)).toEqual([])
  })

  test('gives each job a higher number than the last', async () => {
    const { db, bounds, take } = await counted()
    await enqueueMany(db, ours, payloads(1))
    const numbers: number[] = []
    for (let round = 0; round < 3; round += 1) {
      bounds.clear()
      for (const job of await take(1)) numbers.push(job.claim)
      // As a shutdown does: the attempt is given back, and so is no fence.
      await sql`update yuzuru_jobs set worker = null, attempt = 0`.execute(db)
    }
    expect(numbers).toEqual([1, 2, 3])
  })
})
