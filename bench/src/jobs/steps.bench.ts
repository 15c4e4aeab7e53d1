import { deepStrictEqual } from 'node:assert/strict'
import { createDatabase, prepared } from '@yuzuru/db'
import { createWorker, defineJob, enqueueMany } from '@yuzuru/jobs'
import { CompiledQuery } from 'kysely'
import { Pool } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { ours, type Queue, settle, startDatabase } from './queues.ts'

const ROUNDS = 5
const JOBS = 1_500

/** Rounds that do not count: the compiler is done after some ten thousand steps. */
const WARM_UP = 3
const STEPS = ['first', 'second', 'third']

/** How many jobs are under way at once: the worker's default. */
const AT_ONCE = 10

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'jobs of three steps, each result kept in a commit of its own, from when the first begins',
  bars: {
    'yuzuru, three steps / three memoising INSERTs by hand': { atLeast: 0.7 },
  },
  async measure(resources) {
    const contenders = [
      await workflows(resources),
      await memoising(resources, 'three memoising INSERTs by hand', MEMO),
      await memoising(resources, 'three fenced INSERTs by hand', FENCED),
      await memoising(resources, 'the same over @yuzuru/db', FENCED, overOurs),
    ] as const
    const rates = new Map<Timed, number[]>(contenders.map((queue) => [queue, []]))
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      for (const queue of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const rate = await turn(queue)
        if (round >= 0) rates.get(queue)?.push(rate)
      }
    }
    const [mine = [], theirs = []] = contenders.map((queue) => rates.get(queue) ?? [])
    const ratios = mine.map((rate, round) => rate / (theirs[round] ?? Number.NaN))
    return [
      ...contenders.map((queue) => {
        const value = quantileOf(rates.get(queue) ?? [], 0.5)
        return { name: queue.name, value, unit: 'jobs/s' }
      }),
      {
        name: 'yuzuru, three steps / three memoising INSERTs by hand',
        value: quantileOf(ratios, 0.5),
        unit: '×',
      },
    ]
  },
}

/** When the first job of a turn began, and the last one ended: to connect is no part of it. */
class Span {
  #from: number | undefined
  #to = 0

  async during(fn: () => Promise<void>): Promise<void> {
    this.#from ??= performance.now()
    await fn()
    this.#to = performance.now()
  }

  /** Its length in milliseconds; the next one begins. */
  end(): number {
    const from = this.#from ?? Number.NaN
    this.#from = undefined
    return this.#to - from
  }
}

interface Timed extends Queue {
  readonly span: Span
}

async function turn(queue: Timed): Promise<number> {
  await queue.fill(JOBS)
  const done = await queue.drain(JOBS)
  const tookMs = queue.span.end()
  deepStrictEqual(done, JOBS, `${queue.name} did not do each job once`)
  return (JOBS / tookMs) * 1_000
}

/** Ours, with its defaults. */
async function workflows(resources: AsyncDisposableStack): Promise<Timed> {
  const { db, url } = await ours(resources, 'yuzuru')
  const span = new Span()
  let done = 0
  const job = defineJob<{ n: number }>({
    name: 'three-steps',
    run: ({ n }, { step }) =>
      span.during(async () => {
        for (const name of STEPS) await step(name, async () => ({ n }))
        done += 1
      }),
  })
  const payloads = Array.from({ length: JOBS }, (_, n) => ({ n }))
  return {
    name: 'yuzuru, three steps',
    span,
    async fill() {
      await enqueueMany(db, job, payloads)
      await settle(url, 'yuzuru_jobs, yuzuru_job_history, yuzuru_job_steps')
    },
    async drain() {
      done = 0
      await createWorker(db, { jobs: [job], concurrency: AT_ONCE }).runUntilIdle()
      return done
    },
  }
}

const MEMO = 'insert into memo (job_id, step, result) values ($1, $2, $3) on conflict do nothing'

/** The job's row is locked against another claim, as ours is: the floor of a step. */
const FENCED = `insert into memo (job_id, step, result)
  select id, $2, $3 from queue where id = $1 and taken_at is not null for share on conflict do nothing`

/** Runs the statement of a step. */
type Keep = (text: string, values: readonly unknown[]) => Promise<unknown>

/** With what a step of ours can't do without: it is cancelled with its caller, has a deadline, and an outcome. */
function overOurs(url: string, resources: AsyncDisposableStack): Keep {
  const db = resources.use(createDatabase({ url, connections: AT_ONCE }))
  return (text, values) =>
    db.executeQuery(prepared(CompiledQuery.raw(text, [...values]), { plan: 'kept' }))
}

/** As one writes it by hand: jobs are taken in batches, and each step leaves a row. */
async function memoising(
  resources: AsyncDisposableStack,
  name: string,
  memo: string,
  over?: (url: string, resources: AsyncDisposableStack) => Keep,
): Promise<Timed> {
  const span = new Span()
  const url = await startDatabase(resources)
  const make = (): Pool => new Pool({ connectionString: url, max: AT_ONCE })
  const pool = resources.adopt(make(), (it) => it.end())
  const keep: Keep = over?.(url, resources) ?? ((text, values) => pool.query(text, [...values]))
  await pool.query(`create table queue (
    id bigint primary key generated always as identity, payload json not null, taken_at timestamptz)`)
  await pool.query(`create table memo (
    job_id bigint not null, step text not null, result json, primary key (job_id, step))`)
  const work = async ({ id, payload }: { id: string; payload: unknown }): Promise<void> => {
    for (const step of STEPS) {
      await keep(memo, [id, step, JSON.stringify(payload)])
    }
  }
  return {
    name,
    span,
    async fill(jobs) {
      await pool.query(
        `insert into queue (payload)
          select json_build_object('n', n) from generate_series(1, $1) n`,
        [jobs],
      )
      await settle(url, 'queue, memo')
    },
    async drain() {
      let done = 0
      for (;;) {
        const { rows } = await pool.query<{ id: string; payload: unknown }>(
          `update queue set taken_at = now() where id in (
            select id from queue where taken_at is null order by id limit 500
            for update skip locked) returning id, payload`,
        )
        if (rows.length === 0) return done
        const left = rows.values()
        const loop = async (): Promise<void> => {
          for (const row of left) await span.during(() => work(row))
        }
        await Promise.all(Array.from({ length: AT_ONCE }, loop))
        await pool.query('delete from queue where id = any ($1)', [rows.map(({ id }) => id)])
        done += rows.length
      }
    },
  }
}
