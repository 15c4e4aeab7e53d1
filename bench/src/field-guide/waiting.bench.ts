import { gather } from '@yuzuru/concurrency'
import { threads } from '@yuzuru/concurrency/threads'
import { createDatabase, type Queryable, transaction } from '@yuzuru/db'
import { type Kysely, sql } from 'kysely'
import type { Benchmark, Figure } from '../benchmark.ts'
import { type Schema, startWithOffices } from '../db/schema.ts'
import type * as jobs from './jobs.ts'

const REQUESTS = 100

/** A read that the server needs 30 ms for; how many rows came. */
async function read(db: Queryable<Schema>): Promise<number> {
  const { rows } = await sql`select pg_sleep(0.03)`.execute(db)
  return rows.length
}

/** How long `work` takes, once what it makes on its first call is there; it must have read `reads` rows. */
async function figure(
  name: string,
  reads: number,
  work: () => Promise<readonly number[]>,
): Promise<Figure> {
  await work()
  const began = performance.now()
  const rows = await work()
  const value = performance.now() - began
  const read = rows.reduce((sum, count) => sum + count, 0)
  if (read !== reads) throw new Error(`"${name}" read ${read} of ${reads} rows`)
  return { name, value, unit: 'ms' }
}

const times = (count: number, db: Queryable<Schema>) =>
  Array.from({ length: count }, () => () => read(db))

async function inSequence(count: number, db: Queryable<Schema>): Promise<number[]> {
  const rows: number[] = []
  for (const next of times(count, db)) rows.push(await next())
  return rows
}

/** What the original's endpoint does: two reads, one after the other. */
async function endpoint(db: Queryable<Schema>): Promise<number> {
  const billing = await read(db)
  const office = await read(db)
  return billing + office
}

const endpoints = (db: Queryable<Schema>) =>
  gather(Array.from({ length: REQUESTS }, () => () => endpoint(db)))

async function blockingCalls(resources: AsyncDisposableStack): Promise<Figure> {
  const module = new URL('jobs.ts', import.meta.url)
  const pool = resources.use(threads<typeof jobs>({ module, effect: 'read' }))
  const calls = [1, 1, 1].map((rows) => () => pool.call('blockFor', 300).then(() => rows))
  return await figure('three calls that block for 300 ms, in threads', 3, () => gather(calls))
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'the figures of the field guide: reads of 30 ms, in sequence and together',
  bars: {},
  async measure(resources) {
    const url = await startWithOffices(resources, { max_connections: '250' })
    const open = (connections: number): Kysely<Schema> =>
      resources.use(createDatabase<Schema>({ url, connections, queue: REQUESTS }))
    const ten = open(10)
    const fits = open(REQUESTS)
    return [
      await figure('three in sequence', 3, () => inSequence(3, ten)),
      await figure('three together', 3, () => gather(times(3, ten))),
      await figure('three together, in one transaction', 3, () =>
        transaction(ten, (tx) => gather(times(3, tx))),
      ),
      await figure('100 in sequence', REQUESTS, () => inSequence(REQUESTS, ten)),
      await figure('100 together, a pool of 10', REQUESTS, () => gather(times(REQUESTS, ten))),
      await figure('100 together, a pool of 100', REQUESTS, () => gather(times(REQUESTS, fits))),
      await figure('an endpoint of two reads', 2, async () => [await endpoint(ten)]),
      await figure('100 such requests, a pool of 10', 2 * REQUESTS, () => endpoints(ten)),
      await figure('100 such requests, a pool of 100', 2 * REQUESTS, () => endpoints(fits)),
      await blockingCalls(resources),
    ]
  },
}
