import { createWorker, defineBatchJob, defineJob, enqueueMany, type Job } from '@yuzuru/jobs'
import { sql, type Transaction } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { figuresOf, inTurns, ratioOf } from './in-turns.ts'
import { drainRate, fillByHand, ours, type Queue, settle, startDatabase } from './queues.ts'

const JOBS = 5_000

/** Rounds that do not count. */
const WARM_UP = 2

/** How many jobs are under way at once, each with a connection: the defaults of a worker and of a database. */
const AT_ONCE = 10

/** How many jobs are done in one transaction, where it is many. */
const BATCH = 50

/** What a job does: one row, in the transaction that completes it. */
const EFFECTS = 'create table effects (n int not null)'

const SINGLY = 'yuzuru, transactional'
const IN_BATCHES = `yuzuru, ${BATCH} in a transaction`
const BY_HAND = 'lock, work, delete by hand'
const BATCHES_BY_HAND = `the same by hand, ${BATCH} in a transaction`

/** Which is measured against which. */
const COMPARED = [
  [SINGLY, BY_HAND],
  [IN_BATCHES, BY_HAND],
  [IN_BATCHES, BATCHES_BY_HAND],
] as const

const nameOf = (of: string, against: string): string => `${of} / ${against}`

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'jobs that write a row in the transaction that completes them, from a full queue',
  bars: Object.fromEntries(
    COMPARED.map(([of, against]) => [nameOf(of, against), { atLeast: 0.8 }]),
  ),
  async measure(resources) {
    const queues = [
      await transactional(resources, SINGLY, AT_ONCE, singly),
      await transactional(resources, IN_BATCHES, AT_ONCE * BATCH, inBatches),
      await byHand(resources, BY_HAND, 1),
      await byHand(resources, BATCHES_BY_HAND, BATCH),
    ]
    const contenders = queues.map((queue) => {
      return { name: queue.name, turn: () => drainRate(queue, JOBS) }
    })
    const rates = await inTurns(contenders, WARM_UP)
    const ratios = COMPARED.map(([of, against]) => ratioOf(rates, of, against, nameOf(of, against)))
    return [...figuresOf(rates), ...ratios]
  },
}

/** Does the work of one job. */
type Work = (n: number, tx: Transaction<object>) => Promise<void>

const singly = (work: Work): Job<{ n: number }> =>
  defineJob<{ n: number }>({
    name: 'transactional',
    mode: 'transactional',
    run: ({ n }, { tx }) => work(n, tx()),
  })

/** One statement for each job, as singly: what is saved is the rest. */
const inBatches = (work: Work): Job<{ n: number }> =>
  defineBatchJob<{ n: number }>({
    name: 'transactional',
    mode: 'transactional',
    size: BATCH,
    run: async (items, { tx }) => {
      for (const { payload } of items) await work(payload.n, tx())
    },
  })

/** Ours. @param places how many jobs are under way at once */
async function transactional(
  resources: AsyncDisposableStack,
  name: string,
  places: number,
  define: (work: Work) => Job<{ n: number }>,
): Promise<Queue> {
  const { db, url } = await ours(resources, name)
  await sql.raw(EFFECTS).execute(db)
  let done = 0
  const job = define(async (n, tx) => {
    await sql`insert into effects (n) values (${n}::integer)`.execute(tx)
    done += 1
  })
  const payloads = Array.from({ length: JOBS }, (_, n) => ({ n }))
  return {
    name,
    async fill() {
      await enqueueMany(db, job, payloads)
      await settle(url, 'yuzuru_jobs, yuzuru_job_history, effects')
    },
    async drain() {
      done = 0
      await createWorker(db, { jobs: [job], concurrency: places }).runUntilIdle()
      return done
    },
  }
}

/**
 * As one writes it by hand: a job is locked, done and deleted in one transaction; nothing keeps what failed.
 *
 * @param batch how many in each transaction
 */
async function byHand(
  resources: AsyncDisposableStack,
  name: string,
  batch: number,
): Promise<Queue> {
  const url = await startDatabase(resources)
  const pool = resources.adopt(new Pool({ connectionString: url, max: AT_ONCE }), (it) => it.end())
  await pool.query(EFFECTS)
  await pool.query(`create table queue (
    id bigint primary key generated always as identity, payload json not null)`)
  const some = async (client: PoolClient): Promise<number> => {
    await client.query('begin')
    const { rows } = await client.query<{ id: string; payload: { n: number } }>(
      'select id, payload from queue order by id limit $1 for update skip locked',
      [batch],
    )
    for (const { payload } of rows) {
      await client.query('insert into effects (n) values ($1)', [payload.n])
    }
    await client.query('delete from queue where id = any ($1)', [rows.map(({ id }) => id)])
    await client.query('commit')
    return rows.length
  }
  return {
    name,
    fill: (jobs) => fillByHand(pool, url, jobs, 'queue, effects'),
    async drain() {
      let done = 0
      const loop = async (): Promise<void> => {
        const client = await pool.connect()
        try {
          for (;;) {
            const did = await some(client)
            if (did === 0) return
            done += did
          }
        } finally {
          client.release()
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, loop))
      return done
    },
  }
}
