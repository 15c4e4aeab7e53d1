import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { addAndDelete } from '../../test/dead-rows.ts'
import { type Bloated, mostBloated, vacuum } from './vacuum.ts'

const RULES = { leastDead: 1_000, share: 0.2 }

const most = (db: Kysely<TestSchema>, rules = RULES): Promise<Bloated | undefined> =>
  mostBloated(db, rules, {})

/** A queue on one connection, of whose jobs so many live and so many are dead. */
async function bloated(parts: { readonly alive: number; readonly dead: number }) {
  const { url, name } = await queue()
  const db = openKysely(url, 1)
  onTestFinished(() => db.destroy())
  await addAndDelete(db, parts)
  return { db, url, name }
}

const pages = async (db: Kysely<TestSchema>): Promise<number | undefined> => {
  const { rows } = await sql<{ pages: number }>`
    select (pg_relation_size('yuzuru_jobs') / 8192)::float8 as pages`.execute(db)
  return rows[0]?.pages
}

test('the table with the most dead rows is found, and what comes after a vacuum takes their room', async () => {
  const { db } = await bloated({ alive: 10, dead: 2_000 })
  expect(await most(db)).toStrictEqual({ table: 'yuzuru_jobs', dead: 2_000, vacuums: 0 })
  const before = await pages(db)
  await vacuum(db, 'yuzuru_jobs', {})
  expect(await most(db)).toBeUndefined()
  await addAndDelete(db, { alive: 0, dead: 1_900 })
  expect(await pages(db)).toBe(before)
})

test.each([
  ['fewer than are worth it', { alive: 0, dead: 999 }],
  ['few beside those that live', { alive: 6_000, dead: 1_100 }],
])('dead rows are left to autovacuum that are %s', async (_few, parts) => {
  const { db } = await bloated(parts)
  expect(await most(db)).toBeUndefined()
})

test('the tables of steps and tags are looked at as well', async () => {
  const { db } = await bloated({ alive: 0, dead: 0 })
  await addAndDelete(db, { alive: 0, dead: 1_500, tags: true })
  await vacuum(db, 'yuzuru_jobs', {})
  expect(await most(db)).toMatchObject({ table: 'yuzuru_job_tags', dead: 1_500 })
})

test('a role that may not vacuum the tables finds none, until it may', async () => {
  const { db, url, name } = await bloated({ alive: 0, dead: 2_000 })
  const owner = openKysely(url, 1)
  await sql`create role ${sql.id(name)}`.execute(owner)
  onTestFinished(async () => {
    await sql`reset role`.execute(db)
    await sql`drop owned by ${sql.id(name)}`.execute(owner)
    await sql`drop role ${sql.id(name)}`.execute(owner)
    await owner.destroy()
  })
  await sql`grant select on all tables in schema public to ${sql.id(name)}`.execute(owner)
  await sql`set role ${sql.id(name)}`.execute(db)
  expect(await most(db)).toBeUndefined()
  await sql`grant maintain on yuzuru_jobs to ${sql.id(name)}`.execute(owner)
  expect(await most(db)).toMatchObject({ table: 'yuzuru_jobs' })
  await vacuum(db, 'yuzuru_jobs', {})
  expect(await most(db)).toBeUndefined()
})

test('a vacuum waits for nobody who alters or vacuums the table', async () => {
  const { db, url } = await bloated({ alive: 0, dead: 2_000 })
  const other = openKysely(url, 1)
  onTestFinished(() => other.destroy())
  await other.transaction().execute(async (tx) => {
    await sql`lock table yuzuru_jobs in share update exclusive mode`.execute(tx)
    await vacuum(db, 'yuzuru_jobs', {})
    expect(await most(db)).toMatchObject({ dead: 2_000 })
  })
})
