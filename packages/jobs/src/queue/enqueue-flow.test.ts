import { gather } from '@yuzuru/concurrency'
import { createDatabase, type Database, transaction } from '@yuzuru/db'
import {
  array,
  assert as check,
  asyncProperty,
  boolean,
  integer,
  record,
  subarray,
} from 'fast-check'
import { type Kysely, sql, type Transaction } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import type { Dependency } from '../job/dependency.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue } from './enqueue.ts'
import { enqueueFlow } from './enqueue-flow.ts'
import type { FlowNode } from './flow-plan.ts'
import { getJob } from './get-job.ts'
import { jobStats } from './job-stats.ts'
import { prune } from './prune.ts'
import { retryJob } from './retry-job.ts'

interface Part {
  readonly part: string
  readonly fails?: boolean
}

/** Runs `fn` in a transaction of one of the two databases. */
type Begin = (
  plain: Kysely<TestSchema>,
  db: Database<TestSchema>,
  fn: (tx: Transaction<TestSchema>) => Promise<void>,
) => Promise<void>

/** A job that notes when it ran, what came before it, and fails if it is to. */
function noting(): {
  job: Job<Part, Part, string>
  ran: string[]
  before: Record<string, readonly Dependency[]>
} {
  const ran: string[] = []
  const before: Record<string, readonly Dependency[]> = {}
  const job = defineJob<Part, string>({
    name: 'noting',
    attempts: 1,
    run: async ({ part, fails = false }, { dependencies }) => {
      before[part] = await dependencies()
      ran.push(part)
      if (fails) throw new Error(`${part} fails`)
      return `result of ${part}`
    },
  })
  return { job, ran, before }
}

describe('a flow', () => {
  test('runs what comes after others when all of those have ended, and gives it their results', async () => {
    const { db } = await queue()
    const { job, ran, before } = noting()
    const flow = await enqueueFlow(db, {
      // Named first, run last.
      join: { job, payload: { part: 'join' }, after: ['left', 'right'] },
      left: { job, payload: { part: 'left' }, after: 'first' },
      right: { job, payloads: [{ part: 'right 1' }, { part: 'right 2' }], after: 'first' },
      first: { job, payload: { part: 'first' } },
    })
    expect(flow.right).toHaveLength(2)
    expect(await getJob(db, flow.join[0]?.id ?? '')).toMatchObject({ state: 'waiting' })
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 5, failed: 0 })
    expect([ran[0], new Set(ran.slice(1, 4)), ran[4]]).toEqual([
      'first',
      new Set(['left', 'right 1', 'right 2']),
      'join',
    ])
    const ends = before['join']?.map(({ part, state, result }) => [part, state, result])
    expect(ends).toEqual([
      ['left', 'completed', 'result of left'],
      ['right', 'completed', 'result of right 1'],
      ['right', 'completed', 'result of right 2'],
    ])
    expect(before['first']).toEqual([])
  })

  test('exists if, and only if, its transaction commits', async () => {
    const { db } = await queue()
    const { job, ran } = noting()
    const nodes = {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a' },
    } as const
    const failed = db.transaction().execute(async (tx) => {
      await enqueueFlow(tx, nodes)
      throw new Error('rolled back')
    })
    await expect(failed).rejects.toThrow('rolled back')
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 0 })
    await db.transaction().execute(async (tx) => void (await enqueueFlow(tx, nodes)))
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 2 })
    expect(ran).toEqual(['a', 'b'])
  })

  test('fails what comes after one that has failed, at once and to the end, and never leaves it waiting', async () => {
    const { db } = await queue()
    const { job, ran } = noting()
    const flow = await enqueueFlow(db, {
      bad: { job, payload: { part: 'bad', fails: true } },
      next: { job, payload: { part: 'next' }, after: 'bad' },
      last: { job, payload: { part: 'last' }, after: 'next' },
    })
    await drainJobs(db, [job])
    expect(ran).toEqual(['bad'])
    for (const name of ['next', 'last'] as const) {
      expect(await getJob(db, flow[name][0]?.id ?? '')).toMatchObject({
        state: 'failed',
        attempt: 0,
        lastError: { code: 'dependency_failed', outcome: 'none' },
      })
    }
    expect((await getJob(db, flow.next[0]?.id ?? ''))?.lastError?.message).toBe(
      `Job ${flow.bad[0]?.id}, which comes before this one, has not completed: it is failed`,
    )
  })

  test('runs what comes after a batch when all of it has ended, also where some have failed', async () => {
    const { db } = await queue()
    const { job, ran, before } = noting()
    const payloads = [{ part: '1' }, { part: '2', fails: true }, { part: '3' }]
    await enqueueFlow(db, {
      batch: { job, payloads },
      done: { job, payload: { part: 'done' }, after: 'batch', onFailure: 'ignore' },
    })
    await drainJobs(db, [job])
    expect(ran.at(-1)).toBe('done')
    expect(before['done']?.map(({ state }) => state).toSorted()).toEqual([
      'completed',
      'completed',
      'failed',
    ])
  })

  test('runs what comes after a batch of none, behind what that comes after', async () => {
    const { db } = await queue()
    const { job, ran } = noting()
    await enqueueFlow(db, {
      done: { job, payload: { part: 'done' }, after: 'batch' },
      batch: { job, payloads: [], after: 'first' },
      first: { job, payload: { part: 'first' } },
      alone: { job, payload: { part: 'alone' }, after: 'none' },
      none: { job, payloads: [] },
    })
    await drainJobs(db, [job])
    expect(new Set(ran)).toEqual(new Set(['first', 'alone', 'done']))
    expect(ran.indexOf('first')).toBeLessThan(ran.indexOf('done'))
  })

  test('does not wait for what was cancelled, or has ended and was pruned', async () => {
    const { db } = await queue()
    const { job, ran } = noting()
    const later = defineJob<object>({ name: 'later', run: async () => undefined })
    const flow = await enqueueFlow(db, {
      cancelled: { job: later, payload: {} },
      done: { job, payload: { part: 'done' }, after: 'cancelled', onFailure: 'ignore' },
      failed: { job, payload: { part: 'failed' }, after: 'cancelled' },
    })
    expect(await cancelJob(db, flow.cancelled[0]?.id ?? '')).toBe('cancelled')
    await prune(db, { olderThanMs: 0, states: ['failed'] })
    await drainJobs(db, [job])
    expect(ran).toEqual(['done'])
    expect((await getJob(db, flow.failed[0]?.id ?? ''))?.state).toBe('failed')
    const second = await enqueueFlow(db, {
      before: { job: later, payload: {} },
      done: { job, payload: { part: 'done' }, after: 'before' },
    })
    await sql`delete from yuzuru_jobs where id = ${second.before[0]?.id}::uuid`.execute(db)
    await drainJobs(db, [job])
    expect(ran).toEqual(['done', 'done'])
  })

  test('runs one that was put back, when what came before it was too', async () => {
    const { db } = await queue()
    const { ran } = noting()
    let isMended = false
    const job = defineJob<Part>({
      name: 'noting',
      attempts: 1,
      run: async ({ part }) => {
        if (!isMended) throw new Error('not yet')
        ran.push(part)
      },
    })
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a' },
    })
    await drainJobs(db, [job])
    isMended = true
    expect(await retryJob(db, flow.a[0]?.id ?? '')).toBe(true)
    await drainJobs(db, [job])
    expect(await retryJob(db, flow.b[0]?.id ?? '')).toBe(true)
    await drainJobs(db, [job])
    expect(ran).toEqual(['a', 'b'])
  })

  test('waits for a job that was found by its key, and cannot make one wait', async () => {
    const { db } = await queue()
    const { job, ran } = noting()
    const keyed = defineJob<object>({
      name: 'keyed',
      key: () => 'one',
      run: async () => void ran.push('keyed'),
    })
    const { id } = await enqueue(db, keyed, {})
    const flow = await enqueueFlow(db, {
      keyed: { job: keyed, payload: {} },
      done: { job, payload: { part: 'done' }, after: 'keyed' },
    })
    expect(flow.keyed).toMatchObject([{ id, created: false }])
    const refused = enqueueFlow(db, {
      first: { job, payload: { part: 'first' } },
      keyed: { job: keyed, payload: {}, after: 'first' },
    })
    await expect(refused).rejects.toMatchObject({ code: 'already_exists' })
    await drainJobs(db, [job, keyed])
    expect(ran).toEqual(['keyed', 'done'])
  })

  test.each<[string, Begin]>([
    ['of Kysely', (plain, _, fn) => plain.transaction().execute(fn)],
    ['of @yuzuru/db', (_, db, fn) => transaction(db, fn)],
    ['of Kysely on @yuzuru/db', (_, db, fn) => db.transaction().execute(fn)],
  ])('that fails leaves nothing behind in a transaction %s that goes on', async (_, begin) => {
    const { db: plain, url } = await queue()
    await using db = createDatabase<TestSchema>({ url })
    const { job, ran } = noting()
    const keyed = defineJob<object>({ name: 'keyed', key: () => 'one', run: async () => undefined })
    await enqueue(plain, keyed, {}, { delayMs: 60_000 })
    const flowOf = (name: string, second: Job<Part, unknown>) => ({
      first: { job, payload: { part: `${name} 1` } },
      second: { job: second, payload: { part: `${name} 2` }, after: 'first' } as const,
    })
    await begin(plain, db, async (tx) => {
      await enqueue(tx, job, { part: 'before' })
      const settled = await gather(
        [
          () => enqueueFlow(tx, flowOf('good', job)),
          () => enqueueFlow(tx, flowOf('bad', keyed)),
          () => enqueueFlow(tx, flowOf('fine', job)),
        ],
        { settle: true },
      )
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      await enqueue(tx, job, { part: 'behind' })
    })
    await drainJobs(plain, [job])
    const whole = ['before', 'behind', 'fine 1', 'fine 2', 'good 1', 'good 2']
    expect(ran.toSorted()).toEqual(whole)
  })

  const { job } = noting()
  const payload = { part: 'x' }
  test.each<[string, Record<string, FlowNode<Part>>, string]>([
    ['no parts', {}, 'Expected a flow to have at least one part'],
    [
      'a circle',
      {
        free: { job, payload },
        a: { job, payload, after: ['free', 'c'] },
        b: { job, payload, after: 'a' },
        c: { job, payload, after: 'b' },
      },
      'Expected a flow without circles, got "a" after "c" after "b" after "a"',
    ],
    ['itself', { a: { job, payload, after: 'a' } }, 'got "a" after "a"'],
    [
      'a part that is not there',
      { a: { job, payload, after: 'toString' } },
      'Expected "a" to come after parts of the flow, got "toString"',
    ],
    ['two payloads', { a: { job, payload, payloads: [payload] } }, 'got both'],
    ['another policy', { a: { job, payload, onFailure: 'x' as never } }, "'fail' or 'ignore'"],
    [
      'a payload that is no JSON',
      { a: { job, payload }, b: { job, payload: { part: 1n as never }, after: 'a' } },
      'Expected payload.part to be JSON, got a bigint',
    ],
    [
      'too many pairs',
      {
        a: { job, payloads: Array.from({ length: 400 }, () => payload) },
        b: { job, payloads: Array.from({ length: 400 }, () => payload), after: 'a' },
      },
      'Expected a flow to have at most 100000 pairs of jobs that wait for each other, got 160000',
    ],
  ])('refuses %s before any I/O', async (_, nodes, message) => {
    const db = createDatabase<object>({ url: 'postgres://nobody@127.0.0.1:1/none' })
    await expect(enqueueFlow(db, nodes)).rejects.toThrow(message)
    await db.close()
  })
})

test('a flow of any shape runs each part once, behind all that it comes after, whatever fails', async () => {
  const { db } = await queue()
  let shapes = 0
  const shape = array(
    record({
      fails: boolean(),
      ignores: boolean(),
      before: subarray([0, 1, 2, 3, 4, 5, 6]),
      many: integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 7 },
  )
  await check(
    asyncProperty(shape, async (parts) => {
      const { job, ran } = noting()
      shapes += 1
      const own = { ...job, name: `shape-${shapes}` }
      const nodes = Object.fromEntries(
        parts.map(({ fails, ignores, before, many }, n): [string, FlowNode<Part>] => [
          `${n}`,
          {
            job: own,
            payloads: Array.from({ length: many }, (_, k) => ({ part: `${n} ${k}`, fails })),
            after: before.filter((each) => each < n).map(String),
            onFailure: ignores ? 'ignore' : 'fail',
          },
        ]),
      )
      await enqueueFlow(db, nodes)
      await drainJobs(db, [own])
      // A model: a part runs unless one before it has jobs that did not complete, and it does not ignore that.
      const runs: boolean[] = []
      const isBad: boolean[] = []
      parts.forEach(({ fails, ignores, before, many }, n) => {
        const bad = before.filter((each) => each < n).some((each) => isBad[each])
        runs[n] = ignores || !bad
        // What comes after a part without jobs comes after what that one comes after.
        isBad[n] = many > 0 ? !runs[n] || fails : bad
      })
      const expected = parts.flatMap(({ many }, n) =>
        runs[n] === true ? Array.from({ length: many }, (_, k) => `${n} ${k}`) : [],
      )
      expect(ran.toSorted()).toEqual(expected.toSorted())
      const place = (part: string): number => ran.indexOf(part)
      for (const [n, { before }] of parts.entries()) {
        for (const each of before.filter((one) => one < n)) {
          for (const late of ran.filter((part) => part.startsWith(`${n} `))) {
            for (const early of ran.filter((part) => part.startsWith(`${each} `))) {
              expect(place(early)).toBeLessThan(place(late))
            }
          }
        }
      }
    }),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 15) },
  )
})

test('flows whose last jobs end at once, on several workers, each go on once', async () => {
  const { db: plain, url } = await queue()
  await using db = createDatabase<object>({ url })
  const { job, ran } = noting()
  const flows = 20
  const errors: unknown[] = []
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'error') errors.push(event.error)
  }
  const options = { jobs: [job], onEvent, concurrency: 5 }
  await withWorker(db, options, async () => {
    await withWorker(db, options, async () => {
      await gather(
        Array.from({ length: flows }, (_, n) => async () => {
          await enqueueFlow(db, {
            batch: { job, payloads: [1, 2, 3, 4].map((k) => ({ part: `${n} ${k}` })) },
            done: { job, payload: { part: `${n} done` }, after: 'batch' },
          })
        }),
      )
      await expect
        .poll(() => jobStats(plain), { timeout: 60_000 })
        .toMatchObject({ completed: 5 * flows, waiting: 0, running: 0, failed: 0 })
    })
  })
  expect(errors).toEqual([])
  expect(ran.filter((part) => part.endsWith('done'))).toHaveLength(flows)
  expect(new Set(ran).size).toBe(5 * flows)
})
