import { sleep, taskGroup } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import type { BatchItem } from '../job/batch-item.ts'
import { defineBatchJob } from '../job/define-batch-job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { createWorker } from './worker.ts'

interface N {
  readonly n: number
}

const payloads = (many: number): N[] => Array.from({ length: many }, (_, n) => ({ n }))

describe('a batch job', () => {
  test('takes many at once, of which each ends as its handler says, and the rest with it', async () => {
    const { db } = await queue()
    const sizes: number[] = []
    const job = defineBatchJob<N, string | undefined>({
      name: 'batch',
      size: 8,
      maxWaitMs: 10_000,
      attempts: 2,
      backoff: () => 0,
      run: async (items) => {
        sizes.push(items.length)
        for (const { payload, attempt, complete, fail } of items) {
          if (payload.n === 0 && attempt === 1) fail(new Error('not yet'))
          if (payload.n === 1) fail(new TypeError('Expected another number'))
          if (payload.n === 2) complete('by itself')
          // The first counts.
          if (payload.n === 2) fail(new Error('too late'))
        }
      },
    })
    const handles = await enqueueMany(db, job, payloads(8))
    const worker = createWorker(db, { jobs: [{ ...job, timeoutMs: 60_000 }], concurrency: 8 })
    const rest = enqueueMany(
      db,
      job,
      payloads(7).map(({ n }) => ({ n: n + 10 })),
    )
    await rest
    await worker.runUntilIdle()
    expect(sizes).toEqual([8, 8])
    const ends = await Promise.all(handles.map(({ id }) => getJob(db, id)))
    expect(ends.map((end) => [end?.state, end?.attempt, end?.result])).toEqual([
      ['completed', 2, undefined],
      ['failed', 1, undefined],
      ['completed', 1, 'by itself'],
      ...Array.from({ length: 5 }, () => ['completed', 1, undefined]),
    ])
  })

  test('fails all that it has not settled when it throws', async () => {
    const { db } = await queue()
    const job = defineBatchJob<N>({
      name: 'batch',
      size: 3,
      attempts: 1,
      run: async (items) => {
        items[0]?.complete()
        throw new Error('all of them')
      },
    })
    await enqueueMany(db, job, payloads(3))
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 1, failed: 2 })
  })

  test.each([undefined, 'transactional' as const])(
    'fails with the errors of its handler as they are, in mode %s',
    async (mode) => {
      const { db } = await queue()
      const seen: unknown[] = []
      const errors = [new Error('all of them'), new RangeError('this one')] as const
      const job = defineBatchJob<N>({
        name: 'batch',
        mode,
        size: 2,
        maxWaitMs: 10_000,
        shouldRetry: (error) => seen.push(error) === 0,
        run: async (items) => {
          items.find(({ payload }) => payload.n === 1)?.fail(errors[1])
          throw errors[0]
        },
      })
      const [first, second] = await enqueueMany(db, job, payloads(2))
      await createWorker(db, { jobs: [job], concurrency: 2 }).runUntilIdle()
      expect(new Set(seen)).toEqual(new Set(errors))
      const all = await Promise.all([first, second].map((it) => getJob(db, it?.id ?? '')))
      expect(all.map((end) => end?.lastError)).toMatchObject([
        { name: 'Error', message: 'all of them' },
        { name: 'RangeError', message: 'this one' },
      ])
    },
  )

  test('begins with what there is when the first has waited long enough', async () => {
    const { db } = await queue()
    const sizes: number[] = []
    const schema = z.object({ n: z.number() })
    const job = defineBatchJob({
      name: 'batch',
      schema,
      size: 100,
      maxWaitMs: 1,
      run: async (items) => void sizes.push(items.length),
    })
    await enqueue(db, job, { n: 1 })
    expect(await drainJobs(db, [job])).toMatchObject({ completed: 1 })
    expect(sizes).toEqual([1])
  })

  test('is cancelled when the last that was not cancelled is settled by its handler', async () => {
    const { db } = await queue()
    const asked = Promise.withResolvers<void>()
    const reasons: unknown[] = []
    const job = defineBatchJob<N>({
      name: 'batch',
      size: 2,
      maxWaitMs: 60_000,
      run: async (items) => {
        const [first, second] = items.toSorted((a, b) => a.payload.n - b.payload.n)
        first?.signal.addEventListener('abort', () => asked.resolve())
        await asked.promise
        second?.complete()
        try {
          await sleep(Infinity)
        } catch (error) {
          reasons.push(error)
          throw error
        }
      },
    })
    const [first, second] = await enqueueMany(db, job, payloads(2))
    await withWorker(db, { jobs: [job], leaseMs: 60_000, heartbeatMs: 10 }, async (events) => {
      await expect.poll(() => types(events)).toEqual(['started', 'started'])
      expect(await cancelJob(db, first?.id ?? '')).toBe('requested')
      await expect.poll(() => types(events), { timeout: 30_000 }).toContain('cancelled')
    })
    expect(reasons).toHaveLength(1)
    expect(await getJob(db, second?.id ?? '')).toMatchObject({ state: 'completed' })
  })

  test('goes on without one that is cancelled, and ends with the last', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<readonly BatchItem<N>[]>()
    const goOn = Promise.withResolvers<void>()
    const job = defineBatchJob<N>({
      name: 'batch',
      size: 2,
      run: async (items) => {
        begun.resolve(items)
        await goOn.promise
      },
    })
    const [first, second] = await enqueueMany(db, job, payloads(2))
    const options = { jobs: [job], heartbeatMs: 20, leaseMs: 60_000 }
    await withWorker(db, options, async (events) => {
      const items = await begun.promise
      expect(await cancelJob(db, first?.id ?? '')).toBe('requested')
      await expect.poll(() => items.filter(({ signal }) => signal.aborted)).toHaveLength(1)
      // Not free while the batch works on it.
      expect(types(events)).not.toContain('cancelled')
      goOn.resolve()
      await expect.poll(async () => (await getJob(db, second?.id ?? ''))?.state).toBe('completed')
    })
  })

  test('is cancelled by a shutdown, which gives all of it back', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    let isEnded = false
    const job = defineBatchJob<N>({
      name: 'batch',
      size: 2,
      run: async () => {
        begun.resolve()
        try {
          await sleep(Infinity)
        } finally {
          isEnded = true
        }
      },
    })
    const handles = await enqueueMany(db, job, payloads(2))
    const events = await withWorker(db, { jobs: [job] }, () => begun.promise)
    expect(isEnded).toBe(true)
    expect(types(events).filter((type) => type === 'returned')).toHaveLength(2)
    for (const { id } of handles) {
      expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
    }
  })

  test('times out each of its jobs, with an outcome that is unknown', async () => {
    const { db } = await queue()
    const job = defineBatchJob<N>({
      name: 'batch',
      size: 2,
      attempts: 1,
      timeoutMs: 30,
      run: async () => await sleep(Infinity),
    })
    const [first] = await enqueueMany(db, job, payloads(2))
    expect(await drainJobs(db, [job])).toMatchObject({ failed: 2 })
    expect((await getJob(db, first?.id ?? ''))?.lastError).toMatchObject({
      name: 'TimeoutError',
      outcome: 'unknown',
    })
  })

  test.each([
    [{ size: 0 }, 'Expected size to be an integer from 1 to 1000'],
    [{ size: 2, maxWaitMs: -1 }, 'Expected maxWaitMs to be'],
    [{ size: 2, run: 1 }, 'Expected run to be a function'],
    [{ size: 2, attempts: 0 }, 'Expected attempts to be an integer'],
    [{ size: 2, mode: 'x' }, 'Expected mode to be'],
  ])('refuses %j', (options, message) => {
    const run = async (): Promise<void> => undefined
    expect(() => defineBatchJob({ name: 'x', run, ...options } as never)).toThrow(message)
  })
})

test('a batch is of one database, though two workers of a process serve two', async () => {
  const [one, other] = [await queue(), await queue()]
  const batches: number[][] = []
  const job = defineBatchJob<N>({
    name: 'batch',
    size: 2,
    maxWaitMs: 500,
    run: async (items) => void batches.push(items.map(({ payload }) => payload.n)),
  })
  await enqueue(one.db, job, { n: 1 })
  await enqueue(other.db, job, { n: 2 })
  await taskGroup(async (group) => {
    for (const { db } of [one, other]) {
      group.spawn(() => createWorker(db, { jobs: [job], concurrency: 2 }).runUntilIdle())
    }
  })
  expect(batches.toSorted(([a = 0], [b = 0]) => a - b)).toEqual([[1], [2]])
})
