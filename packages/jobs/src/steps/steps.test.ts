import { gather, sleep } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import { describe, expect, test } from 'vitest'
import { type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { counter, stepping, stepsOf, withEffects } from '../../test/stepping.ts'
import { withWorker } from '../../test/with-worker.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { prune } from '../queue/prune.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from '../worker/worker.ts'

describe('a step', () => {
  test('that has finished is not run again, and gives what it gave', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const seen: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      seen.push(await step('value', () => of('value', { at: [1, '東京', null] })))
      seen.push(await step('nothing', async () => void of('nothing', 1)))
      if (attempt === 1) throw new Error('once more')
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 2 })
    expect(calls).toEqual({ value: 1, nothing: 1 })
    const value = { at: [1, '東京', null] }
    expect(seen).toEqual([value, undefined, value, undefined])
  })

  test('that fails keeps nothing, and is run again', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = stepping(async ({ step, attempt }) => {
      await step('first', () => of('first', 1))
      await step('second', () => {
        of('second', 1)
        if (attempt < 3) throw new Error('not yet')
      })
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 3 })
    expect(calls).toEqual({ first: 1, second: 3 })
  })

  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'with a tx is kept with its effect, or not at all, on %s',
    async (kind) => {
      const { db: plain, url } = await withEffects()
      await using ours = createDatabase<TestSchema>({ url })
      const db = kind === 'a plain Kysely' ? plain : ours
      const job = stepping(async ({ step, jobId, attempt }) => {
        await step('effect', db, async (tx) => {
          await tx.insertInto('effects').values({ job_id: jobId, pid: attempt }).execute()
          if (attempt === 1) throw new Error('rolled back')
        })
        if (attempt === 2) throw new Error('after the commit')
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await plain.selectFrom('effects').selectAll().execute()).toEqual([
        { job_id: id, pid: 2 },
      ])
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 3 })
    },
  )

  test('is found by its name, side by side and in whatever order', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const names = ['a', 'b', 'c', 'd', 'e']
    const job = stepping(async ({ step, attempt }) => {
      const order = attempt % 2 === 0 ? names.toReversed() : names
      await gather(
        order.map((name, place) => async () => {
          // Some are asked for later than others.
          if (place % 2 === 1) await sleep(1)
          const value = await step(name, () => {
            of(name, 1)
            if (name === 'c' && attempt < 4) throw new Error('not yet')
            return name
          })
          expect(value).toBe(name)
        }),
      )
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 4 })
    expect(calls['c']).toBe(4)
    expect(await stepsOf(db)).toMatchObject(names.map((name) => ({ name })))
  })

  test('of a retried job goes on where the failed one ended', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    let isMended = false
    const job = stepping(async ({ step }) => {
      await step('charge', () => of('charge', 1))
      if (!isMended) throw new TypeError('Expected a mended handler')
    })
    const { id } = await enqueue(db, job, {})
    const worker = createWorker(db, { jobs: [job] })
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
    isMended = true
    await retryJob(db, id)
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed' })
    expect(calls).toEqual({ charge: 1 })
  })

  test('is forgotten with its job', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => void (await step('only', () => 1)))
    await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await stepsOf(db)).toHaveLength(1)
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
    expect(await stepsOf(db)).toEqual([])
  })

  test('that has returned is kept although its handler is being ended', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const { calls, of } = counter()
    const job = stepping(async ({ step, signal }) => {
      await step('charge', async () => {
        of('charge', 1)
        begun.resolve()
        // What takes no cancel, and ends just then.
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, () => begun.promise)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed' })
    expect(calls).toEqual({ charge: 1 })
  })

  test.each([undefined, 600_000])(
    'is ended by its own signal, with timeoutMs %s',
    async (timeoutMs) => {
      const { db } = await queue()
      const seen: unknown[] = []
      const job = stepping(async ({ step }) => {
        const user = new AbortController()
        const work = async (): Promise<void> => {
          user.abort('the user left')
          await sleep(Infinity)
        }
        await step('slow', work, { signal: user.signal, timeoutMs }).catch((error: unknown) => {
          seen.push(error)
        })
        // The handler goes on: only the step was ended.
        seen.push(await step('next', () => 'done'))
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
      expect(seen).toEqual([
        expect.objectContaining({ name: 'Cancelled', source: 'signal' }),
        'done',
      ])
    },
  )

  test('is ended by its own deadline', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = stepping(async ({ step, attempt }) => {
      const work = async (): Promise<void> => {
        of('slow', 1)
        if (attempt === 1) await sleep(Infinity)
      }
      await step('slow', work, { timeoutMs: attempt === 1 ? 500 : 600_000 })
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'completed',
      attempt: 2,
      lastError: { name: 'TimeoutError' },
    })
    expect(calls).toEqual({ slow: 2 })
  })
})

test('a transaction of the handler does not take a step for its own', async () => {
  const { db, url } = await queue()
  await using ours = createDatabase<TestSchema>({ url })
  const job = stepping(async ({ step }) => {
    await transaction(ours, () => step('inner', () => 1))
  })
  const { id } = await enqueue(db, job, {})
  await createWorker(ours, { jobs: [job] }).runUntilIdle()
  expect(await getJob(db, id)).toMatchObject({ lastError: { code: 'nested_connection' } })
})
