import { type Kysely, sql, type Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { complete, completeTogether } from './complete.ts'
import { settle } from './settle.ts'
import { wakeParked } from './wake-parked.ts'
import { register, renew } from './worker-row.ts'

const job = defineJob<object>({ name: 'job', run: async () => undefined })

const LOW = '00000000-0000-7000-8000-000000000000'
const HIGH = 'ffffffff-ffff-7fff-bfff-ffffffffffff'

/** A queue with two jobs, of which the one with the higher id comes first in the table. */
async function twoJobs(): Promise<Kysely<TestSchema>> {
  const { db } = await queue()
  for (const id of [HIGH, LOW]) {
    await enqueueMany(db, job, [{}])
    await sql`update yuzuru_jobs set id = ${id}::uuid where id not in (${LOW}::uuid, ${HIGH}::uuid)`.execute(
      db,
    )
  }
  return db
}

/** Has each of them run under a worker of its own. @returns the workers, of which the first has the lower job */
async function running(db: Kysely<TestSchema>): Promise<readonly string[]> {
  const rows = { name: 'test', leaseMs: 600_000, report: () => '{}' }
  const workers = [await register(db, rows, {}), await register(db, rows, {})]
  // An update puts a row behind the others of its page.
  for (const [n, id] of [HIGH, LOW].entries()) {
    await sql`update yuzuru_jobs set worker = ${workers[1 - n]}::bigint, claim = 1, attempt = 1
      where id = ${id}::uuid`.execute(db)
  }
  await analyze(db)
  return workers
}

/** Has the planner know how few there are: then it reads them in the order of the table. */
const analyze = (db: Kysely<TestSchema>): Promise<unknown> =>
  sql`analyze yuzuru_jobs, yuzuru_job_workers`.execute(db)

const lock = (tx: Kysely<TestSchema>, table: string, id: string): Promise<unknown> =>
  sql`select from ${sql.table(table)} where id::text = ${id} for update nowait`.execute(tx)

/** Runs `fn` while another transaction has a row locked. */
async function besideLock<T>(
  db: Kysely<TestSchema>,
  [table, id]: readonly [string, string],
  fn: (tx: Transaction<TestSchema>) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (tx) => {
    await lock(tx, table, id)
    return await fn(tx)
  })
}

/** Waits until some statement waits for what `tx` has locked. */
async function isWaitedFor(db: Kysely<TestSchema>, tx: Transaction<TestSchema>): Promise<void> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
  // Asked for elsewhere: within one transaction what the server says of its sessions does not change.
  const waiting = async (): Promise<unknown[]> => {
    const blocked = sql`select from pg_stat_activity where ${rows[0]?.pid} = any (pg_blocking_pids(pid))`
    return (await blocked.execute(db)).rows
  }
  await expect.poll(waiting, { interval: 5 }).toHaveLength(1)
}

describe('what waits for more than one row has none while it waits for the first', () => {
  const ids = [HIGH, LOW]
  const leases = ids.map((id) => ({ id, claim: 1 }))
  const waiting = { to: 'waiting', delayMs: 1 } as const
  const failed = { to: 'failed', error: { name: 'Error', message: 'no' } } as const
  type Case = (db: Kysely<TestSchema>) => Promise<{ readonly size?: number; length?: number }>
  test.each<[string, Case]>([
    ['a completion', (db) => complete(db, { ids, claim: 1 }, {})],
    ['a completion with results', (db) => complete(db, { ids, claim: 1, results: ['1', '2'] }, {})],
    [
      'the end of a batch in its transaction, of which not all have a result',
      async (db) => {
        const ends = leases.map((lease, n) => ({ lease, result: n === 0 ? undefined : '1' }))
        return await db.transaction().execute((tx) => completeTogether(tx, ends))
      },
    ],
    [
      'a settlement',
      (db) => {
        const settlements = [waiting, failed].map((settlement, n) => ({
          lease: leases[n] as { id: string; claim: number },
          settlement,
        }))
        return settle(db, settlements, {})
      },
    ],
  ])('%s', async (_, act) => {
    const db = await twoJobs()
    await running(db)
    const acted = await besideLock(db, ['yuzuru_jobs', LOW], async (tx) => {
      const acting = act(db)
      await isWaitedFor(db, tx)
      // What has changed meanwhile is another version of the row, at another place.
      await sql`update yuzuru_jobs set watched = 2 where id = ${LOW}::uuid`.execute(tx)
      // The deadlock that this is about: whoever has the first asks for the second.
      await lock(tx, 'yuzuru_jobs', HIGH)
      return { acting }
    })
    const done = await acted.acting
    expect(done.size ?? done.length).toBe(2)
  })

  test('a heartbeat', async () => {
    const db = await twoJobs()
    const [first = '', second = ''] = await running(db)
    // Then the second one comes first in the table.
    await sql`update yuzuru_job_workers set lease_ms = lease_ms where id = ${first}::bigint`.execute(
      db,
    )
    await analyze(db)
    const row = { leaseMs: 600_000, report: () => '{}' }
    const { beating } = await besideLock(db, ['yuzuru_job_workers', first], async (tx) => {
      const beating = renew(db, [second, first], row, {})
      await isWaitedFor(db, tx)
      await lock(tx, 'yuzuru_job_workers', second)
      return { beating }
    })
    expect(await beating).toHaveLength(2)
  })
})

describe('what can leave a row for later does not wait for it', () => {
  test('a look at what jobs wait for', async () => {
    const db = await twoJobs()
    const any = db as unknown as Kysely<unknown>
    await sql`update yuzuru_jobs set stage = 1, waits = true, run_at = now() + interval '1 year'`.execute(
      db,
    )
    await sql`insert into yuzuru_job_links (job_id, after_id, name, on_failure, place)
      select id, gen_random_uuid(), 'before', 'ignore', 0 from yuzuru_jobs`.execute(db)
    await sql`insert into yuzuru_job_signals (job_id) select id from yuzuru_jobs`.execute(db)
    const due = async (): Promise<string[]> => {
      const { rows } = await sql<{ id: string }>`
        select id::text as id from yuzuru_jobs where stage = 0 order by id`.execute(db)
      return rows.map(({ id }) => id)
    }
    await besideLock(db, ['yuzuru_jobs', LOW], async () => {
      expect(await wakeParked(any, {})).toEqual({ signals: 1, jobs: 1, passedOver: true })
      expect(await wakeParked(any, {})).toEqual({ signals: 0, jobs: 0, passedOver: true })
    })
    expect(await due()).toEqual([HIGH])
    expect(await wakeParked(any, {})).toEqual({ signals: 1, jobs: 1, passedOver: false })
    expect(await due()).toEqual([LOW, HIGH])
    expect(await wakeParked(any, {})).toEqual({ signals: 0, jobs: 0, passedOver: false })
  })

  test('a cancel of children, of which another has one', async () => {
    const db = await twoJobs()
    const any = db as unknown as Kysely<unknown>
    await running(db)
    await sql`insert into yuzuru_job_steps (job_id, name, claim, took_ms, child, owns_child, beside)
      select ${'11111111-1111-7111-8111-111111111111'}::uuid, id::text, 1, 0, id, true, '{}'
      from yuzuru_jobs`.execute(db)
    await sql`insert into yuzuru_job_signals (job_id, cancels)
      values ('11111111-1111-7111-8111-111111111111', true)`.execute(db)
    const asked = async (): Promise<string[]> => {
      const { rows } = await sql<{ id: string }>`
        select id::text as id from yuzuru_jobs where cancel_requested order by id`.execute(db)
      return rows.map(({ id }) => id)
    }
    await besideLock(db, ['yuzuru_jobs', LOW], async () => {
      expect(await wakeParked(any, {})).toEqual({ signals: 0, jobs: 0, passedOver: true })
    })
    expect(await asked()).toEqual([HIGH])
    expect(await wakeParked(any, {})).toEqual({ signals: 1, jobs: 0, passedOver: false })
    expect(await asked()).toEqual([LOW, HIGH])
  })
})
