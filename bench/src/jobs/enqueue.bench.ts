import { randomUUID } from 'node:crypto'
import { enqueue, enqueueMany } from '@yuzuru/jobs'
import { Logger, makeWorkerUtils } from 'graphile-worker'
import { Pool } from 'pg'
import type { Benchmark, Case } from '../benchmark.ts'
import { graphile, ours, startDatabase } from './queues.ts'

const SINGLY = 400
const BULK = 5_000

/** A row as one inserts it by hand. */
const INSERT = 'insert into queue (id, payload) values ($1, $2)'

/** What a job is at the least, into the table of ours with all its indexes: the floor of an `enqueue`. */
const FLOOR = {
  name: 'floor',
  text: `insert into yuzuru_jobs (name, queue, version, priority, max_attempts, run_at, id, payload)
    values ('count', 'default', 1, 0, 5, now(), $1, $2)`,
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'jobs enqueued one after the other, ten at once, and in bulk',
  operation: 'job',
  clock: 'wall',
  bars: [
    { of: 'yuzuru, singly', against: 'INSERT, singly', atLeast: 0.8 },
    { of: 'yuzuru, ten at once', against: 'INSERT, ten at once', atLeast: 0.8 },
    { of: 'yuzuru, in bulk', against: 'graphile-worker, in bulk', atLeast: 1.7 },
  ],
  async cases(resources) {
    const { db, job, url: own } = await ours(resources, 'yuzuru')
    const same = resources.adopt(new Pool({ connectionString: own, max: 10 }), (it) => it.end())
    const url = await startDatabase(resources)
    const pool = resources.adopt(new Pool({ connectionString: url, max: 10 }), (it) => it.end())
    await pool.query('create table queue (id uuid primary key, payload json not null)')
    const { url: theirs } = await graphile(resources, 'graphile-worker')
    const logger = new Logger(() => () => undefined)
    const utils = await makeWorkerUtils({ connectionString: theirs, logger })
    resources.defer(() => utils.release())
    const one = async (n: number): Promise<unknown> => await enqueue(db, job, { n })
    const insert = async (n: number): Promise<unknown> =>
      await pool.query(INSERT, [randomUUID(), JSON.stringify({ n })])
    const floor = async (n: number): Promise<unknown> =>
      await same.query({ ...FLOOR, values: [randomUUID(), JSON.stringify({ n })] })
    const add = async (n: number): Promise<unknown> => await utils.addJob('count', { n })
    const bulk = Array.from({ length: BULK }, (_, n) => ({ n }))
    const specs = bulk.map((payload) => ({ identifier: 'count', payload }))
    return [
      ...waysOf('yuzuru', one),
      ...waysOf('INSERT', insert),
      ...waysOf("INSERT into yuzuru's table", floor),
      ...waysOf('graphile-worker', add),
      inBulk('yuzuru', async () => (await enqueueMany(db, job, bulk)).length),
      inBulk('graphile-worker', async () => (await utils.addJobs(specs)).length),
    ]
  },
}

function inBulk(name: string, run: () => Promise<number>): Case {
  return { name: `${name}, in bulk`, operations: BULK, expected: BULK, run }
}

function waysOf(name: string, one: (n: number) => Promise<unknown>): Case[] {
  const common = { operations: SINGLY, expected: SINGLY }
  const side = async (from: number, step: number): Promise<number> => {
    let done = 0
    for (let n = from; n < SINGLY; n += step) {
      await one(n)
      done += 1
    }
    return done
  }
  const atOnce = async (many: number): Promise<number> => {
    const sides = Array.from({ length: many }, (_, from) => side(from, many))
    return (await Promise.all(sides)).reduce((sum, done) => sum + done, 0)
  }
  return [
    { ...common, name: `${name}, singly`, run: () => atOnce(1) },
    { ...common, name: `${name}, ten at once`, run: () => atOnce(10) },
  ]
}
