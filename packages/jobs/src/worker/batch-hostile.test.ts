import { IoError } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { withEffects } from '../../test/stepping.ts'
import { UNROLLED } from '../../test/unrolled-errors.ts'
import type { BatchHandler } from '../job/batch-item.ts'
import { defineBatchJob } from '../job/define-batch-job.ts'
import type { Job } from '../job/job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from './worker.ts'

interface N {
  readonly n: number
}

const KINDS = ['a plain Kysely', 'a database of @yuzuru/db']

const SIZE = 4

const payloads = Array.from({ length: SIZE }, (_, n) => ({ n }))

/** A batch that notes the effect of each of its jobs, and then does what a test has it do. */
function batch(then: BatchHandler<N, unknown>): { job: Job<N, N>; calls: number[] } {
  const calls: number[] = []
  const job = defineBatchJob<N, unknown>({
    name: 'batch',
    mode: 'transactional',
    size: SIZE,
    maxWaitMs: 10_000,
    attempts: 1,
    run: async (items, context) => {
      calls.push(items.length)
      const rows = items.map(({ jobId, payload }) => ({ job_id: jobId, pid: payload.n }))
      await context.tx<TestSchema>().insertInto('effects').values(rows).execute()
      await then(items, context)
    },
  })
  return { job, calls }
}

const effects = async (db: Kysely<TestSchema>): Promise<number[]> =>
  (await db.selectFrom('effects').select('pid').orderBy('pid').execute()).map(({ pid }) => pid)

const statesOf = async (db: Kysely<TestSchema>, handles: readonly { id: string }[]) =>
  await Promise.all(handles.map(async ({ id }) => (await getJob(db, id))?.state))

const ERRORS: readonly [string, () => unknown][] = [
  ...UNROLLED,
  [
    'an error that is a part of itself',
    () => {
      const itself = new AggregateError([])
      itself.errors.push(itself)
      return itself
    },
  ],
  ['a frozen error', () => Object.freeze(new TypeError('Expected another'))],
  ['nothing', () => undefined],
]

describe('a batch in a transaction', () => {
  describe.each(KINDS)('on %s', (kind) => {
    test.each(ERRORS)('that throws %s has no effect of the job that did', async (_, error) => {
      const { db, url } = await withEffects()
      await using ours = createDatabase<TestSchema>({ url })
      const { job, calls } = batch(async (items) => {
        if (items.some(({ payload }) => payload.n === 1)) throw error()
      })
      const handles = await enqueueMany(db, job, payloads)
      await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
        jobs: [job],
        concurrency: SIZE,
      }).runUntilIdle()
      expect(calls).toEqual([4, 2, 1, 1, 2])
      expect(await effects(db)).toEqual([0, 2, 3])
      expect(await statesOf(db, handles)).toEqual(['completed', 'failed', 'completed', 'completed'])
    })
  })

  test.each([
    [
      'a host that is away',
      () =>
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
        }),
    ],
    [
      'a full queue',
      () =>
        new IoError('no', {
          boundary: 'http',
          operation: 'get',
          code: 'overloaded',
          retryable: true,
          outcome: 'none',
        }),
    ],
  ])('is done in halves when the handler met %s elsewhere', async (_, error) => {
    const { db } = await withEffects()
    const { job, calls } = batch(async (items) => {
      if (items.some(({ payload }) => payload.n === 1)) throw error()
    })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(calls).toEqual([4, 2, 1, 1, 2])
    expect(await effects(db)).toEqual([0, 2, 3])
    expect(await statesOf(db, handles)).toEqual(['completed', 'failed', 'completed', 'completed'])
  })

  test('that cannot connect is not done in halves', async () => {
    const { db, url } = await withEffects()
    const missing = new URL(url)
    missing.pathname = '/missing'
    await using away = createDatabase<TestSchema>({ url: missing.href })
    const { job, calls } = batch(async () => undefined)
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, engine: db as never }
    await createWorker<TestSchema>(away, options).runUntilIdle()
    expect(calls).toEqual([4])
    expect(await statesOf(db, handles)).toEqual(payloads.map(() => 'failed'))
  })

  test('whose COMMIT is answered with ROLLBACK is done in halves', async () => {
    const { db, url } = await withEffects()
    const pool = new Pool({ connectionString: url, max: 2 })
    let isCaught = false
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
      // As a statement that the handler did not wait for, and that fails behind all others.
      const late = async (...args: unknown[]): Promise<unknown> => {
        if (args[0] === 'commit' && !isCaught) {
          isCaught = true
          await query('select 1/0').catch(() => undefined)
        }
        return await query(...args)
      }
      Object.assign(client, { query: late })
    })
    const plain = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
    const { job, calls } = batch(async () => undefined)
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, engine: db as never }
    await createWorker(plain, options).runUntilIdle()
    await plain.destroy()
    expect(calls).toEqual([4, 2, 2])
    expect(await effects(db)).toEqual([0, 1, 2, 3])
    expect(await statesOf(db, handles)).toEqual(payloads.map(() => 'completed'))
  })

  test.each(KINDS)(
    'whose handler commits by itself is not done again at once: what it did stands, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      await using ours = createDatabase<TestSchema>({ url })
      const { job, calls } = batch(async (_, { tx }) => {
        await sql`commit`.execute(tx())
      })
      const handles = await enqueueMany(db, job, payloads)
      await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
        jobs: [job],
        concurrency: SIZE,
      }).runUntilIdle()
      expect(calls).toEqual([4])
      expect(await effects(db)).toEqual([0, 1, 2, 3])
      expect(await statesOf(db, handles)).toEqual(payloads.map(() => 'failed'))
    },
  )

  test.each(KINDS)('whose handler rolls back by itself completes none, on %s', async (kind) => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    const { job } = batch(async (_, { tx }) => {
      await sql`rollback`.execute(tx())
    })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
      jobs: [job],
      concurrency: SIZE,
    }).runUntilIdle()
    expect(await effects(db)).toEqual([])
    expect(await statesOf(db, handles)).toEqual(payloads.map(() => 'failed'))
  })
})
