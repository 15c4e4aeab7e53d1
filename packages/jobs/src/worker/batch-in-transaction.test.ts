import { sleep } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { withEffects } from '../../test/stepping.ts'
import { takeOver, types, withWorker } from '../../test/with-worker.ts'
import type { BatchContext, BatchItem } from '../job/batch-item.ts'
import { type BatchJobOptions, defineBatchJob } from '../job/define-batch-job.ts'
import type { Job } from '../job/job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from './worker.ts'

interface N {
  readonly n: number
}

type Items = readonly BatchItem<N, unknown>[]

const KINDS = ['a plain Kysely', 'a database of @yuzuru/db']

/** So many jobs are enqueued, and make one batch. */
const SIZE = 8

const payloads = Array.from({ length: SIZE }, (_, n) => ({ n }))

const numbersOf = (items: Items): number[] =>
  items.map(({ payload }) => payload.n).toSorted((a, b) => a - b)

/** A batch that notes the effect of each of its jobs, and then does what a test has it do. */
function batch(
  then: (items: Items, context: BatchContext) => Promise<void> | void,
  options: Partial<BatchJobOptions<N, N, unknown>> = {},
): { job: Job<N, N>; calls: number[][] } {
  const calls: number[][] = []
  const job = defineBatchJob<N, unknown>({
    name: 'batch',
    mode: 'transactional',
    size: SIZE,
    maxWaitMs: 10_000,
    attempts: 2,
    backoff: () => 0,
    ...options,
    run: async (items, context) => {
      calls.push(numbersOf(items))
      const rows = items.map(({ jobId, payload }) => ({ job_id: jobId, pid: payload.n }))
      await context.tx<TestSchema>().insertInto('effects').values(rows).execute()
      await then(items, context)
    },
  })
  return { job, calls }
}

const effects = async (db: Kysely<TestSchema>): Promise<number[]> =>
  (await db.selectFrom('effects').select('pid').orderBy('pid').execute()).map(({ pid }) => pid)

const endsOf = async (db: Kysely<TestSchema>, handles: readonly { id: string }[]) =>
  await Promise.all(handles.map(async ({ id }) => await getJob(db, id)))

const statesOf = async (db: Kysely<TestSchema>, handles: readonly { id: string }[]) =>
  (await endsOf(db, handles)).map((end) => [end?.state, end?.attempt])

const all = (state: string, attempt = 1) => payloads.map(() => [state, attempt])

const allBut = (n: number): number[] => numbers.filter((each) => each !== n)

const numbers = payloads.map(({ n }) => n)

describe('a batch in a transaction', () => {
  test.each(KINDS)('commits all effects with the ends of all its jobs, on %s', async (kind) => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    const seen: unknown[] = []
    const { job, calls } = batch(async (items) => {
      for (const { payload, complete } of items) if (payload.n < 3) complete({ is: payload.n })
      seen.push(await effects(db), await statesOf(db, handles))
    })
    const handles = await enqueueMany(db, job, payloads)
    // Not all have the claim of a first time.
    await sql`update yuzuru_jobs set claim = claim + 3
      where id = any (${handles.slice(2, 5).map(({ id }) => id)}::uuid[])`.execute(db)
    await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
      jobs: [job],
      concurrency: SIZE,
    }).runUntilIdle()
    expect(seen).toEqual([[], all('running')])
    expect(calls).toEqual([numbers])
    expect(await effects(db)).toEqual(numbers)
    const ends = await endsOf(db, handles)
    expect(ends.map((end) => [end?.state, end?.attempt])).toEqual(all('completed'))
    const results = ends.map((end) => end?.result)
    expect(results.slice(0, 4)).toEqual([{ is: 0 }, { is: 1 }, { is: 2 }, undefined])
  })

  test('that throws is done again in halves, until the one that fails stands alone: the others are done, once', async () => {
    const { db } = await withEffects()
    const { job, calls } = batch((items) => {
      if (numbersOf(items).includes(5)) throw new TypeError('Expected another')
    })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(await effects(db)).toEqual(allBut(5))
    const ends = await endsOf(db, handles)
    expect(ends.map((end) => end?.state)).toEqual(
      numbers.map((n) => (n === 5 ? 'failed' : 'completed')),
    )
    expect(ends.map((end) => end?.attempt)).toEqual(numbers.map(() => 1))
    expect(ends[5]?.lastError?.message).toBe('Expected another')
    expect(ends.filter((end) => (end?.errors.length ?? 0) > 0)).toHaveLength(1)
    expect(calls.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([
      8, 4, 4, 2, 2, 1, 1,
    ])
  })

  test('is done again without those that fail names, which leave no effect', async () => {
    const { db } = await withEffects()
    const { job, calls } = batch((items) => {
      for (const { payload, attempt, fail, complete } of items) {
        if (payload.n === 1) fail(new TypeError('Expected another'))
        if (payload.n === 2 && attempt === 1) fail(new Error('not yet'))
        // The first counts.
        complete(payload.n)
      }
    })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(await effects(db)).toEqual(allBut(1))
    expect(calls).toEqual([numbers, allBut(1).filter((n) => n !== 2), [2]])
    const ends = await endsOf(db, handles)
    expect(ends.slice(0, 4).map((end) => [end?.state, end?.attempt, end?.result])).toEqual([
      ['completed', 1, 0],
      ['failed', 1, undefined],
      ['completed', 2, 2],
      ['completed', 1, 3],
    ])
  })

  test('fails the job alone whose result its schema refuses', async () => {
    const { db } = await withEffects()
    const { job } = batch(
      (items) => {
        for (const { payload, complete } of items) complete(payload.n === 4 ? 'none' : payload.n)
      },
      {
        result: (value) => {
          if (typeof value !== 'number') throw new TypeError('Expected a number')
          return value
        },
      },
    )
    const handles = await enqueueMany(db, job, payloads)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(await effects(db)).toEqual(allBut(4))
    expect((await endsOf(db, handles)).map((end) => end?.state)).toEqual(
      numbers.map((n) => (n === 4 ? 'failed' : 'completed')),
    )
  })

  test('commits nothing of a job that was lost in the middle, and the rest without it', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const { job, calls } = batch(async () => {
      begun.resolve()
      await goOn.promise
    })
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, leaseMs: 60_000 }
    const events = await withWorker(db, options, async (seen) => {
      await begun.promise
      await takeOver(db, handles[3]?.id ?? '')
      goOn.resolve()
      await expect.poll(() => types(seen).filter((type) => type !== 'started')).toHaveLength(SIZE)
    })
    expect(types(events).filter((type) => type === 'lost')).toHaveLength(1)
    expect(calls).toEqual([numbers, allBut(3)])
    expect(await effects(db)).toEqual(allBut(3))
    expect((await statesOf(db, handles))[3]).toEqual(['running', 2])
  })

  test('commits nothing when all of its jobs were lost', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const { job, calls } = batch(async () => {
      begun.resolve()
      await goOn.promise
    })
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, leaseMs: 60_000 }
    const events = await withWorker(db, options, async (seen) => {
      await begun.promise
      for (const { id } of handles) await takeOver(db, id)
      goOn.resolve()
      await expect.poll(() => types(seen).filter((type) => type === 'lost')).toHaveLength(SIZE)
    })
    expect(types(events)).not.toContain('completed')
    expect(calls).toEqual([numbers])
    expect(await effects(db)).toEqual([])
    expect(await statesOf(db, handles)).toEqual(all('running', 2))
  })

  test('ends at the cancel of one of its jobs, and is done again without it', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const { job, calls } = batch(async (items) => {
      if (items.length < SIZE) return
      begun.resolve()
      await sleep(Infinity)
    })
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, leaseMs: 60_000, heartbeatMs: 20 }
    await withWorker(db, options, async (seen) => {
      await begun.promise
      expect(await cancelJob(db, handles[6]?.id ?? '')).toBe('requested')
      await expect.poll(() => types(seen).filter((type) => type !== 'started')).toHaveLength(SIZE)
    })
    expect(calls).toEqual([numbers, allBut(6)])
    expect(await effects(db)).toEqual(allBut(6))
    expect((await endsOf(db, handles)).map((end) => end?.state)).toEqual(
      numbers.map((n) => (n === 6 ? 'cancelled' : 'completed')),
    )
  })

  test('rolls back when one is cancelled, also where its handler returns in spite of it', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const { job } = batch(async (items) => {
      if (items.length < SIZE) return
      begun.resolve()
      const { signal } = items.find(({ payload }) => payload.n === 6) as Items[number]
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    })
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, leaseMs: 60_000, heartbeatMs: 20 }
    await withWorker(db, options, async (seen) => {
      await begun.promise
      await cancelJob(db, handles[6]?.id ?? '')
      await expect.poll(() => types(seen).filter((type) => type !== 'started')).toHaveLength(SIZE)
    })
    expect(await effects(db)).toEqual(allBut(6))
    expect((await endsOf(db, handles))[6]?.state).toBe('cancelled')
  })

  test('is rolled back by a shutdown, which gives all of it back', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const { job, calls } = batch(async () => {
      begun.resolve()
      await sleep(Infinity)
    })
    const handles = await enqueueMany(db, job, payloads)
    const events = await withWorker(db, { jobs: [job], concurrency: SIZE }, () => begun.promise)
    expect(types(events).filter((type) => type === 'returned')).toHaveLength(SIZE)
    expect(calls).toHaveLength(1)
    expect(await effects(db)).toEqual([])
    expect(await statesOf(db, handles)).toEqual(all('waiting', 0))
  })

  test('whose handler hangs for one of its jobs times out; each is then tried again alone', async () => {
    const { db } = await withEffects()
    const { job, calls } = batch(
      async (items) => {
        if (numbersOf(items).includes(7)) await sleep(Infinity)
      },
      { timeoutMs: 1_000 },
    )
    const handles = await enqueueMany(db, job, payloads)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(await effects(db)).toEqual(allBut(7))
    expect(await statesOf(db, handles)).toEqual(
      numbers.map((n) => [n === 7 ? 'failed' : 'completed', 2]),
    )
    expect(calls.slice(-SIZE).every(({ length }) => length === 1)).toBe(true)
  })

  test.each(KINDS)('whose COMMIT is in doubt is done once, on %s', async (kind) => {
    const { db, url } = await withEffects()
    const { hostname: host, port } = new URL(url)
    await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
    const plain = openKysely(proxy.url(url), 2)
    await using ours = createDatabase<TestSchema>({ url: proxy.url(url), cancelTimeoutMs: 200 })
    const { job, calls } = batch((items) => {
      for (const { payload, complete } of items) complete(payload.n)
      proxy.set({ dropReply: { when: 'commit', times: 1 } })
    })
    const handles = await enqueueMany(db, job, payloads)
    const worker = createWorker<TestSchema>(kind === 'a plain Kysely' ? plain : ours, {
      jobs: [job],
      concurrency: SIZE,
      engine: db as never,
    })
    await worker.runUntilIdle()
    await plain.destroy()
    expect(calls).toEqual([numbers])
    expect(await effects(db)).toEqual(numbers)
    const ends = await endsOf(db, handles)
    expect(ends.map((end) => [end?.state, end?.attempt])).toEqual(all('completed'))
    expect(ends.map((end) => end?.result)).toEqual(numbers)
  })

  test('whose COMMIT is in doubt and never came to the server is tried again, each of its jobs alone', async () => {
    const { db, url } = await withEffects()
    const pool = new Pool({ connectionString: url, max: 2 })
    let cuts = 0
    pool.on('connect', (client) => {
      client.on('error', () => undefined)
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
      const cut = async (...args: unknown[]): Promise<unknown> => {
        if (cuts > 0 || args[0] !== 'commit') return await query(...args)
        cuts += 1
        await client.end()
        throw new Error('Connection terminated unexpectedly')
      }
      Object.assign(client, { query: cut })
    })
    const cutting = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
    const { job, calls } = batch(() => undefined)
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, engine: db as never }
    await createWorker(cutting, options).runUntilIdle()
    await cutting.destroy()
    expect(cuts).toBe(1)
    expect(calls[0]).toEqual(numbers)
    expect(
      calls
        .slice(1)
        .flat()
        .toSorted((a, b) => a - b),
    ).toEqual(numbers)
    expect(calls).toHaveLength(1 + SIZE)
    expect(await effects(db)).toEqual(numbers)
    expect(await statesOf(db, handles)).toEqual(all('completed', 2))
  })

  test.each(KINDS)('whose COMMIT the server refuses is done in halves, on %s', async (kind) => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    await sql`create table taken (n integer primary key)`.execute(db)
    await sql`alter table effects add constraint only_taken foreign key (pid) references taken (n)
      deferrable initially deferred`.execute(db)
    await sql`insert into taken select n from generate_series(0, 20) n where n <> 2`.execute(db)
    const { job } = batch(() => undefined, { attempts: 1 })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
      jobs: [job],
      concurrency: SIZE,
    }).runUntilIdle()
    expect(await effects(db)).toEqual(allBut(2))
    expect(await statesOf(db, handles)).toEqual(
      numbers.map((n) => [n === 2 ? 'failed' : 'completed', 1]),
    )
  })

  test('that met a serialization failure is run again in the same attempt, and what it said before counts no more', async () => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    const { job, calls } = batch(async (items, { tx }) => {
      if (calls.length > 1) return
      items[0]?.fail(new Error('of the first call'))
      await sql`do $$ begin raise sqlstate '40001'; end $$`.execute(tx())
    })
    const handles = await enqueueMany(db, job, payloads)
    await createWorker<TestSchema>(ours, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    expect(calls).toEqual([numbers, numbers])
    expect(await effects(db)).toEqual(numbers)
    expect(await statesOf(db, handles)).toEqual(all('completed'))
  })

  test('whose database is away is not done in halves: it is no job’s fault', async () => {
    const { db, url } = await withEffects()
    const { hostname: host, port } = new URL(url)
    const proxy = await startFaultProxy({ target: { host, port: Number(port) } })
    await using away = createDatabase<TestSchema>({ url: proxy.url(url) })
    await proxy.close()
    const { job, calls } = batch(() => undefined, { attempts: 1 })
    const handles = await enqueueMany(db, job, payloads)
    const options = { jobs: [job], concurrency: SIZE, engine: db as never }
    await createWorker<TestSchema>(away, options).runUntilIdle()
    expect(calls).toEqual([numbers])
    expect(await statesOf(db, handles)).toEqual(all('failed'))
  })
})

test('a batch job without a transaction has none to give', async () => {
  const { db } = await withEffects()
  const job = defineBatchJob<N>({
    name: 'plain',
    size: 1,
    run: async (_, { tx }) => void tx(),
  })
  const [handle] = await enqueueMany(db, job, [{ n: 1 }])
  await createWorker(db, { jobs: [job] }).runUntilIdle()
  expect((await getJob(db, handle?.id ?? ''))?.lastError?.message).toContain(
    "Expected a batch job of mode: 'transactional'",
  )
})
