import { createDatabase, prepared } from '@yuzuru/db'
import { CompiledQuery } from 'kysely'
import { Pool } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { figuresOf, inTurns, ratioOf } from './in-turns.ts'
import { fillByHand, startDatabase } from './queues.ts'
import { AT_ONCE, Span, STEPS, type Timed, turn, workflows } from './three-steps.ts'

const JOBS = 1_500

/** Rounds that do not count: the compiler is done after some ten thousand steps. */
const WARM_UP = 3

const BY_HAND = 'three memoising INSERTs by hand'
const BAR = `yuzuru, three steps / ${BY_HAND}`

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'jobs of three steps, each result kept in a commit of its own, from when the first begins',
  bars: { [BAR]: { atLeast: 0.7 } },
  async measure(resources) {
    const mine = await workflows(resources)
    const queues = [
      mine,
      await memoising(resources, BY_HAND, MEMO),
      await memoising(resources, 'three fenced INSERTs by hand', FENCED),
      await memoising(resources, 'the same over @yuzuru/db', FENCED, overOurs),
    ]
    const contenders = queues.map((queue) => ({ name: queue.name, turn: () => turn(queue, JOBS) }))
    const rates = await inTurns(contenders, WARM_UP)
    return [...figuresOf(rates), ratioOf(rates, mine.name, BY_HAND, BAR)]
  },
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
    fill: (jobs) => fillByHand(pool, url, jobs, 'queue, memo'),
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
