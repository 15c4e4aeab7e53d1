import { IoError, outcomeOf, remaining } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { createDatabase, type Database } from '@yuzuru/db'
import { type CompiledQuery, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob, type JobOptions } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { cancelJob } from './cancel-job.ts'
import { changeLimits } from './change-limits.ts'
import { enqueueFlow } from './enqueue-flow.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { prune } from './prune.ts'
import { retryJobs } from './retry-jobs.ts'
import { sendEvent } from './send-event.ts'

interface Payload {
  readonly plan: string
  readonly key?: string
  readonly more?: string
}

const kind = (onConflict?: JobOptions<Payload>['onConflict']) =>
  defineJob<Payload>({
    name: 'remind',
    run: async () => undefined,
    key: ({ key }) => key,
    ...(onConflict === undefined ? {} : { onConflict }),
  })

const plain = defineJob<Payload>({ name: 'plain', run: async () => undefined })
/** Of these, four fit into one statement. */
const LARGE = Array.from({ length: 9 }, () => ({ plan: 'large', more: 'x'.repeat(1_000_000) }))

/** Limits that a worker has declared, and that `changeLimits` changes. */
const declareLimits = sql`insert into yuzuru_job_limits (name, declared) values ('limited', '{"concurrency":1}')
  on conflict (name) do update set changed = null`

const KEYED = [
  { plan: 'b', key: 'k' },
  { plan: 'c', key: 'l' },
]

type Verb = (
  db: Database<object>,
  id: string,
  limits?: { readonly timeoutMs: number },
) => Promise<unknown>

/** Every verb that may take several statements, where there is a job with the key `k` whose id is given. */
const VERBS: Readonly<Record<string, Verb>> = {
  'enqueue with a key': (db, _, limits) => enqueue(db, kind(), { plan: 'b', key: 'k' }, limits),
  'enqueue that replaces': (db, _, limits) =>
    enqueue(db, kind('replace'), { plan: 'b', key: 'k' }, limits),
  'enqueue that debounces': (db, _, limits) =>
    enqueue(db, kind('debounce'), { plan: 'b', key: 'k' }, { delayMs: 1_000, ...limits }),
  'enqueue again': (db, _, limits) => enqueue(db, kind('again'), { plan: 'b', key: 'k' }, limits),
  'enqueueMany with keys of which one is there': (db, _, limits) =>
    enqueueMany(db, kind(), KEYED, limits),
  'enqueueMany that replaces': (db, _, limits) => enqueueMany(db, kind('replace'), KEYED, limits),
  'enqueueMany in several statements': (db, _, limits) => enqueueMany(db, plain, LARGE, limits),
  cancelJob: (db, id, limits) => cancelJob(db, id, limits),
  changeLimits: (db, _, limits) => changeLimits(db, 'limited', { concurrency: 2 }, limits),
  sendEvent: (db, _, limits) => sendEvent(db, 'plan.signed', 'a', {}, limits),
  retryJobs: (db, _, limits) => retryJobs(db, 'failed', limits),
  prune: (db, _, limits) => prune(db, { olderThanMs: 0, states: ['failed'], ...limits }),
}

/** The word to the workers that there is work: it follows later, in nobody's scope, and may fail. */
const isAnnouncement = ({ sql: text }: CompiledQuery): boolean =>
  text.startsWith('select pg_notify(')

/** The same database, which calls `before` before each statement of a call. */
function throughStatements(
  db: Database<object>,
  before: () => void | Promise<void>,
): Database<object> {
  const wrapped = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, key) {
        const value: unknown = Reflect.get(of, key, of)
        if (typeof value !== 'function') return value
        if (key === 'getExecutor' || key === 'withoutPlugins')
          return () => wrapped(value.call(of) as object)
        if (key !== 'executeQuery') return value.bind(of) as unknown
        return async (...args: [CompiledQuery, ...unknown[]]) => {
          if (!isAnnouncement(args[0])) await before()
          return (await value.apply(of, args)) as unknown
        }
      },
    })
  return wrapped(db)
}

const refused = new IoError('refused', {
  boundary: 'db',
  operation: 'query',
  code: 'overloaded',
  retryable: true,
  outcome: 'none',
})

/** A database of which the statement of this number is refused such that it may be tried again. */
function failingAt(db: Database<object>, number: number): Failing {
  let count = 0
  const failing = throughStatements(db, () => {
    count += 1
    if (count === number) throw new IoError(refused.message, refused)
  })
  return { db: failing, failed: () => count >= number }
}

interface Failing {
  readonly db: Database<object>
  readonly failed: () => boolean
}

async function everything(db: Database<object>): Promise<string> {
  const all = sql<{
    all: string
  }>`select coalesce(md5(string_agg(row, '' order by row)), '') as all from (
    select job::text as row from yuzuru_jobs as job
    union all select history::text from yuzuru_job_history as history
    union all select event::text from yuzuru_job_events as event
    union all select limits::text from yuzuru_job_limits as limits) as rows`
  const { rows } = await all.execute(db)
  return rows[0]?.all ?? ''
}

describe('a call of several statements says none only if none of them had an effect', () => {
  test.each(Object.keys(VERBS))('%s, whichever of them is refused', async (name) => {
    const verb = VERBS[name] as Verb
    const { url } = await queue()
    await using db = createDatabase({ url })
    let number = 1
    for (let goesOn = true; goesOn; number += 1) {
      await sql`delete from yuzuru_jobs`.execute(db)
      await sql`delete from yuzuru_job_history`.execute(db)
      const { id } = await enqueue(db, kind(), { plan: 'a', key: 'k' })
      await sql`insert into yuzuru_job_history (id, name, queue, payload, version, priority, max_attempts, run_at,
          enqueued_at, finished_at, state, attempt, claim)
        select gen_random_uuid(), 'failed', 'default', '{}', 1, 0, 3, now(), now(), now() - n * interval '1 ms', 'failed', 3, 3
        from generate_series(1, 1500) as n`.execute(db)
      await declareLimits.execute(db)
      const before = await everything(db)
      const failing = failingAt(db, number)
      const error = await verb(failing.db, id).then(
        () => undefined,
        (error: unknown) => error ?? 'nothing',
      )
      goesOn = failing.failed()
      if (!goesOn) expect(error).toBeUndefined()
      else if ((await everything(db)) !== before)
        expect([number, outcomeOf(error)]).toEqual([number, 'unknown'])
      else expect(error).toBeDefined()
    }
    expect(number).toBeGreaterThan(2)
  })

  test.each(Object.keys(VERBS))('one deadline covers all of them: %s', async (name) => {
    const { url } = await queue()
    await using db = createDatabase({ url })
    const { id } = await enqueue(db, kind(), { plan: 'a', key: 'k' })
    await declareLimits.execute(db)
    using clock = TestClock.install()
    const deadlines: number[] = []
    const watched = throughStatements(db, async () => {
      deadlines.push(clock.now() + remaining())
      await clock.advance(5)
    })
    await (VERBS[name] as Verb)(watched, id, { timeoutMs: 60_000 })
    expect(new Set(deadlines)).toEqual(new Set([60_000]))
  })

  /** What is left of the time of a call whenever it looks at a payload; the first look comes before any statement. */
  test.each<[string, (db: Database<object>, job: Job<Payload, unknown>) => Promise<unknown>]>([
    ['enqueueMany', (db, job) => enqueueMany(db, job, [{ plan: 'a' }], { timeoutMs: 60_000 })],
    [
      'enqueueFlow',
      (db, job) => {
        const last = { job, payload: { plan: 'b' }, after: 'first' } as const
        const flow = { first: { job, payload: { plan: 'a' } }, last }
        return enqueueFlow(db, flow, { timeoutMs: 60_000 })
      },
    ],
  ])(
    'one deadline covers also what is looked at, and the whole transaction: %s',
    async (_, act) => {
      const { url } = await queue()
      await using db = createDatabase({ url })
      using _clock = TestClock.install()
      const left: number[] = []
      const schema = async (payload: unknown): Promise<Payload> => {
        left.push(remaining())
        return payload as Payload
      }
      await act(db, defineJob<Payload>({ name: 'checked', schema, run: async () => undefined }))
      expect(new Set(left)).toEqual(new Set([60_000]))
    },
  )

  test.each<[string, (db: Database<object>, job: Job<Payload, unknown>) => Promise<unknown>]>([
    ['enqueue', (db, job) => enqueue(db, job, { plan: 'a' }, { signal: AbortSignal.abort() })],
    [
      'enqueueMany',
      (db, job) => enqueueMany(db, job, [{ plan: 'a' }], { signal: AbortSignal.abort() }),
    ],
    [
      'enqueueFlow',
      (db, job) =>
        enqueueFlow(db, { a: { job, payload: { plan: 'a' } } }, { signal: AbortSignal.abort() }),
    ],
  ])('a check that never ends is given up by the signal of %s', async (_, act) => {
    const { url } = await queue()
    await using db = createDatabase({ url })
    const schema = (): Promise<Payload> => new Promise(() => undefined)
    const job = defineJob<Payload>({ name: 'stuck', schema, run: async () => undefined })
    await expect(act(db, job)).rejects.toMatchObject({ name: 'Cancelled', outcome: 'none' })
  })
})
