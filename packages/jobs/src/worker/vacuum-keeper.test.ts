import { taskGroup } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { addAndDelete } from '../../test/dead-rows.ts'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { VacuumKeeper } from './vacuum-keeper.ts'

const RULES = { leastDead: 1_000, share: 0.2 }

/** A queue with a connection that counts what it does. */
async function counted() {
  const { url } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  return { db, url }
}

/** How often the table of jobs was vacuumed by somebody who asked for it. */
async function vacuums(db: Kysely<TestSchema>): Promise<number | undefined> {
  const { rows } = await sql<{ vacuums: number }>`
    select vacuum_count::float8 as vacuums from pg_stat_user_tables
    where relid = 'yuzuru_jobs'::regclass`.execute(db)
  return rows[0]?.vacuums
}

/** How many vacuums of this database are under way. */
async function running(db: Kysely<TestSchema>): Promise<number | undefined> {
  const { rows } = await sql<{ running: number }>`
    select count(*)::float8 as running from pg_stat_progress_vacuum
    where datname = current_database()`.execute(db)
  return rows[0]?.running
}

/** The same database, on which a vacuum takes minutes. */
function slowly(url: string): string {
  const slow = new URL(url)
  slow.searchParams.set('options', '-c vacuum_cost_delay=100 -c vacuum_cost_limit=1')
  return slow.href
}

test('a worker that does many jobs vacuums the table of jobs', async () => {
  const { db, url } = await counted()
  const before = await vacuums(db)
  await addAndDelete(db, { alive: 0, dead: 100_000 })
  await using own = createDatabase<object>({ url })
  const job = defineJob<{ n: number }>({ name: 'count', run: async () => undefined })
  await enqueueMany(
    own,
    job,
    Array.from({ length: 20_000 }, (_, n) => ({ n })),
  )
  const events = await withWorker(own, { jobs: [job], concurrency: 100 }, async () => {
    await expect.poll(() => vacuums(db), { interval: 20, timeout: 100_000 }).toBe((before ?? 0) + 1)
  })
  expect(types(events)).not.toContain('error')
})

test('after a vacuum the tables are left alone for twice as long as it took', async () => {
  const { db } = await counted()
  await addAndDelete(db, { alive: 0, dead: 2_000 })
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const keeper = new VacuumKeeper({ db, onError, rules: RULES })
  const startedAt = performance.now()
  const pauseMs = await keeper.look()
  expect(pauseMs).toBeGreaterThan(0)
  expect(pauseMs).toBeLessThan(2 * (performance.now() - startedAt))
  // There is nothing left to do: then the next jobs decide.
  expect(await keeper.look()).toBe(0)
  expect(errors).toStrictEqual([])
})

/** A look at dead rows. With what was counted, the server forgets when the last vacuum was: as if the pause were over. */
async function lookAtDead(keeper: VacuumKeeper, db: Kysely<TestSchema>): Promise<number> {
  await sql`select pg_stat_reset_single_table_counters('yuzuru_jobs'::regclass)`.execute(db)
  await addAndDelete(db, { alive: 0, dead: 2_000 })
  return await keeper.look()
}

/** Calls `fn` while a transaction sees all that lives now. */
async function besideSnapshot(url: string, fn: () => Promise<void>): Promise<void> {
  const other = openKysely(url, 1)
  onTestFinished(() => other.destroy())
  await other
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`select count(*) from yuzuru_jobs`.execute(tx)
      await fn()
    })
}

test('while an old snapshot keeps what is dead, the tables are left alone for a second, then longer, up to a minute', async () => {
  const { db, url } = await counted()
  const keeper = new VacuumKeeper({ db, onError: () => undefined, rules: RULES })
  await besideSnapshot(url, async () => {
    // At least so long: twice the time of a vacuum may be longer.
    const first = await lookAtDead(keeper, db)
    expect(first).toBeGreaterThanOrEqual(1_000)
    expect(first).toBeLessThan(60_000)
    for (const least of [4_000, 16_000, 60_000, 60_000]) {
      expect(await lookAtDead(keeper, db)).toBeGreaterThanOrEqual(least)
    }
    // Another worker may have done it since: then that counts for all.
    const before = await vacuums(db)
    expect(await keeper.look()).toBe(1_000)
    expect(await vacuums(db)).toBe(before)
  })
})

test('once a vacuum has removed what is dead, an old snapshot is forgotten', async () => {
  const { db, url } = await counted()
  const keeper = new VacuumKeeper({ db, onError: () => undefined, rules: RULES })
  await besideSnapshot(url, async () => {
    await lookAtDead(keeper, db)
    expect(await lookAtDead(keeper, db)).toBeGreaterThanOrEqual(4_000)
  })
  await lookAtDead(keeper, db)
  // Were it not, this would be a second at the least.
  expect(await keeper.look()).toBe(0)
})

test('what fails is told, and not tried again for ten minutes', async () => {
  const { db } = await counted()
  await addAndDelete(db, { alive: 0, dead: 2_000 })
  // As a program may have for all of its statements.
  await sql`set statement_timeout = 300`.execute(db)
  await sql`set vacuum_cost_delay = 100`.execute(db)
  await sql`set vacuum_cost_limit = 1`.execute(db)
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const keeper = new VacuumKeeper({ db, onError, rules: RULES })
  expect(await keeper.look()).toBe(600_000)
  expect(errors).toMatchObject([{ operation: 'vacuum', code: 'database', outcome: 'none' }])
})

test('a vacuum under way ends with its worker', async () => {
  const { db, url } = await counted()
  await addAndDelete(db, { alive: 0, dead: 20_000 })
  await using own = createDatabase<object>({ url: slowly(url) })
  const onError = (error: unknown): never => {
    throw error
  }
  const keeper = new VacuumKeeper({ db: own, onError, rules: RULES, everyJobs: 2 })
  await taskGroup(async (group) => {
    const task = group.spawn(() => keeper.keep())
    keeper.ended()
    keeper.ended()
    await expect.poll(() => running(db), { interval: 20, timeout: 100_000 }).toBe(1)
    task.cancel('the test is over')
  })
  expect(await running(db)).toBe(0)
})

test('it does not look before as many jobs have ended as it waits for', async () => {
  const { db, url } = await counted()
  await addAndDelete(db, { alive: 0, dead: 2_000 })
  await using own = createDatabase<object>({ url })
  const before = await vacuums(db)
  const onError = (): undefined => undefined
  const keeper = new VacuumKeeper({ db: own, onError, rules: RULES, everyJobs: 3 })
  await taskGroup(async (group) => {
    const task = group.spawn(() => keeper.keep())
    keeper.ended()
    keeper.ended()
    await sql`select pg_sleep(0.05)`.execute(db)
    expect(await vacuums(db)).toBe(before)
    keeper.ended()
    await expect.poll(() => vacuums(db), { interval: 20, timeout: 100_000 }).toBe((before ?? 0) + 1)
    task.cancel('the test is over')
  })
})

test('a vacuum gives way to what waits for the table', async () => {
  const { db, url } = await counted()
  await addAndDelete(db, { alive: 0, dead: 20_000 })
  await using own = createDatabase<object>({ url: slowly(url) })
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const keeper = new VacuumKeeper({ db: own, onError, rules: RULES })
  const looking = keeper.look()
  await expect.poll(() => running(db), { interval: 20, timeout: 100_000 }).toBe(1)
  // Behind this, claims and heartbeats would wait as well: longer than a lease lasts.
  await sql`alter table yuzuru_jobs add column other integer`.execute(db)
  expect(await looking).toBe(1_000)
  expect(errors).toStrictEqual([])
})

test('a table that somebody else vacuums or alters is looked at again a second later', async () => {
  const { db, url } = await counted()
  await addAndDelete(db, { alive: 0, dead: 2_000 })
  const other = openKysely(url, 1)
  onTestFinished(() => other.destroy())
  await other.transaction().execute(async (tx) => {
    await sql`lock table yuzuru_jobs in share update exclusive mode`.execute(tx)
    const keeper = new VacuumKeeper({ db, onError: () => undefined, rules: RULES })
    expect(await keeper.look()).toBe(1_000)
  })
})
